# moto's S3 server for the native cluster: serve.py PORT RECORDING
#
# moto keeps objects in memory. Here the requests that changed something are told to it again before it listens, so that
# no client ever sees an empty server, and every later request is recorded.
import base64
import json
import os
import sys

PORT, RECORDING = int(sys.argv[1]), sys.argv[2]
os.environ["MOTO_PORT"] = str(PORT)
os.environ["MOTO_RECORDER_FILEPATH"] = RECORDING

from moto.moto_api import recorder
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.test import Client

application = DomainDispatcherApplication(create_backend_app)
if os.path.exists(RECORDING):
    client = Client(application)
    told = 0
    with open(RECORDING) as lines:
        for line in lines:
            request = json.loads(line)
            body = request.get("body") or ""
            client.open(
                path=request["url"],
                method=request["method"],
                headers=request["headers"],
                data=base64.b64decode(body) if request.get("body_encoded") else body,
            )
            told += 1
    print(f"told {told} recorded requests again", flush=True)

recorder.start_recording()
run_simple("127.0.0.1", PORT, application, threaded=True)
