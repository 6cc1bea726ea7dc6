// A void by one request. The API of Medusa cancels whole orders only; this asks the same module.
"use strict";

exports.POST = async (req, res) => {
  const payment = await req.scope.resolve("payment").cancelPayment(req.params.id);
  res.json({ payment });
};
