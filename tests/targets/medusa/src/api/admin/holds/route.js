// A hold by one request. The API of Medusa makes one by way of a cart only; this asks the same module.
"use strict";

exports.POST = async (req, res) => {
  const payments = req.scope.resolve("payment");
  const { amount, currency_code } = req.body;
  const [collection] = await payments.createPaymentCollections([{ amount, currency_code }]);
  const session = await payments.createPaymentSession(collection.id, {
    provider_id: "pp_system_default",
    currency_code,
    amount,
    data: {},
  });
  const payment = await payments.authorizePaymentSession(session.id, {});
  res.json({ payment });
};
