# moto's S3 server for the native cluster: serve.py PORT RECORDING
#
# moto keeps objects in memory. Each request that changed something is recorded before it is answered. At a start the
# recorded ones are told to it again before it listens, so that no client ever sees an empty server, and the recording is
# replaced by one of what there is then.
import base64
import io
import json
import os
import sys
import threading
from urllib.parse import quote
from xml.etree import ElementTree

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple
from werkzeug.test import Client
from werkzeug.wsgi import get_input_stream

PORT, RECORDING = int(sys.argv[1]), sys.argv[2]
READS = ("GET", "HEAD", "OPTIONS")
application = DomainDispatcherApplication(create_backend_app)
client = Client(application)


def line_of(method, uri, headers, body):
    entry = {"method": method, "uri": uri, "headers": headers, "body": base64.b64encode(body).decode()}
    return json.dumps(entry) + "\n"


def tell_again():
    if not os.path.exists(RECORDING):
        return
    told = 0
    with open(RECORDING) as lines:
        for line in lines:
            # The last one may have been cut short by a kill: it was never answered.
            if not line.endswith("\n"):
                break
            entry = json.loads(line)
            client.open(
                path=entry["uri"],
                method=entry["method"],
                headers=entry["headers"],
                data=base64.b64decode(entry["body"]),
            )
            told += 1
    print(f"told {told} recorded requests again", flush=True)


def named(response, name):
    """The texts of the elements of this name, whatever their namespace."""
    return [each.text for each in ElementTree.fromstring(response.data).iter() if each.tag.endswith("}" + name)]


def got(uri):
    # Objects are private: any identity may read them, none may not.
    who = "AWS4-HMAC-SHA256 Credential=native/20000101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    response = client.get(uri, headers={"Authorization": who})
    if response.status_code != 200:
        sys.exit(f"{uri} cannot be read again ({response.status}); the recording {RECORDING} is left as it was")
    return response


def lines_of_all():
    for bucket in named(got("/"), "Name"):
        yield line_of("PUT", f"/{bucket}", {}, b"")
        more = ""
        while more is not None:
            page = got(f"/{bucket}?list-type=2{more}")
            for key in named(page, "Key"):
                uri = f"/{bucket}/{quote(key)}"
                found = got(uri)
                headers = {
                    name: value
                    for name, value in found.headers.items()
                    if name.lower() == "content-type" or name.lower().startswith("x-amz-meta-")
                }
                yield line_of("PUT", uri, headers, found.data)
            tokens = named(page, "NextContinuationToken")
            more = f"&continuation-token={quote(tokens[0], safe='')}" if tokens else None


def record_anew():
    with open(RECORDING + ".new", "w") as new:
        new.writelines(lines_of_all())
    os.replace(RECORDING + ".new", RECORDING)


tell_again()
record_anew()
recording = open(RECORDING, "a")
# One write at a time: the recording has the order in which they took effect.
writing = threading.Lock()


def recorded(environ, start_response):
    method = environ["REQUEST_METHOD"]
    if method in READS:
        return application(environ, start_response)
    body = get_input_stream(environ).read()
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    headers = {
        name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    answer = {}

    def started(status, response_headers, exc_info=None):
        answer["status"] = int(status.split()[0])
        return start_response(status, response_headers, exc_info)

    with writing:
        parts = list(application(environ, started))
        if answer["status"] < 300:
            recording.write(line_of(method, environ.get("RAW_URI", environ["PATH_INFO"]), headers, body))
            recording.flush()
    return parts


class Quiet(WSGIRequestHandler):
    """Says nothing of each request: under load that would be most of the log."""

    def log_request(self, code="-", size="-"):
        pass


run_simple("127.0.0.1", PORT, recorded, threaded=True, request_handler=Quiet)
