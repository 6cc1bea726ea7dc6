# Tallystick in a container: docker build -t tallystick . && docker run --rm tallystick
# With a server of yours, and the reports in the current folder:
#   docker run --rm -v "$PWD:/work" --user "$(id -u)" -e TALLYSTICK_CLIENT_ID -e TALLYSTICK_CLIENT_SECRET \
#     tallystick gate --target https://wallet.sandbox.example/v1 --account T12345678
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/tallystick \
    && /opt/tallystick/bin/pip install --no-cache-dir -c constraints.txt '.[http2]'

FROM python:3.13-slim
COPY --from=build /opt/tallystick /opt/tallystick
RUN useradd --uid 1000 --create-home tallystick && install -d -o tallystick -g tallystick /work
ENV PATH="/opt/tallystick/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis
USER 1000
WORKDIR /work
ENTRYPOINT ["tallystick"]
CMD ["gate"]
