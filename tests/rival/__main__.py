"""Starts the rival: `python -m tests.rival --port 0`; prints one JSON line when it is ready."""

import argparse
import json
import sys
import threading


def main() -> None:
    """Serves until it is interrupted, or until its parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m tests.rival")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when standard input is closed"
    )
    parser.add_argument("--mutant", type=int, metavar="N", help="serve mutant N of the money code")
    options = parser.parse_args()
    if options.mutant is not None:
        from tests.rival.mutants import install

        print(install(options.mutant), file=sys.stderr)

    # Only now: a mutant has to be in its place before anything imports it.
    from tests.rival.app import create_app
    from tests.rival.auth import ADMIN
    from tests.rival.serving import HOST, serve

    server = serve(create_app(), options.port)
    url = f"http://{HOST}:{server.server_address[1]}/v1"
    print(json.dumps({"url": url, "account": ADMIN.account}), flush=True)
    if options.with_parent:
        threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    try:
        server.serve_forever(poll_interval=0.05)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _stop_with_parent(server) -> None:
    sys.stdin.buffer.read()
    server.shutdown()


if __name__ == "__main__":
    main()
