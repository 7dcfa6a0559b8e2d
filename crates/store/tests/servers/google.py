"""A bucket as Google Cloud Storage's XML API serves it, in memory, at the port given: ranges, conditions, pages of a thousand
names, uploads in parts, and generations, on which puts can depend (cloud.google.com/storage/docs/xml-api/reference-headers).

There is no emulator that lists by the XML API and heeds generations, so this one is ours.
"""

import email.utils
import hashlib
import http.server
import itertools
import sys
import threading
import urllib.parse
from xml.sax.saxutils import escape

PAGE = 1000
lock = threading.Lock()
generations = itertools.count(1_700_000_000_000_000)
buckets, uploads = {}, {}


class Object:
    def __init__(self, content):
        self.content, self.generation = content, next(generations)
        self.etag = f'"{hashlib.md5(content).hexdigest()}"'
        self.modified = email.utils.formatdate(usegmt=True)

    def headers(self):
        return {"ETag": self.etag, "x-goog-generation": self.generation, "Last-Modified": self.modified}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, status, content=b"", headers=None, length=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def fail(self, status, code):
        self.answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode())

    def serve(self):
        path, _, query = self.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        bucket, _, key = urllib.parse.unquote(path.lstrip("/")).partition("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with lock:
            if self.command == "PUT" and not key:
                buckets.setdefault(bucket, {})
                return self.answer(200)
            if bucket not in buckets:
                return self.fail(404, "NoSuchBucket")
            handle = getattr(self, self.command.lower())
        return handle(buckets[bucket], key, asked, body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve

    def get(self, bucket, key, asked, _):
        if not key:
            return self.list(bucket, asked)
        with lock:
            found = bucket.get(key)
        if found is None or asked.get("generation", str(found.generation)) != str(found.generation):
            return self.fail(404, "NoSuchKey")
        wanted = self.headers.get("If-Match")
        if wanted not in (None, found.etag):
            return self.fail(412, "PreconditionFailed")
        size, span, headers = len(found.content), self.headers.get("Range"), found.headers()
        if span is None:
            return self.answer(200, found.content, headers)
        first, last = span.removeprefix("bytes=").split("-")
        first, last = (size - int(last), size - 1) if first == "" else (int(first), min(int(last or size), size - 1))
        if not 0 <= first <= last:
            return self.fail(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return self.answer(206, found.content[first : last + 1], headers)

    head = get

    def list(self, bucket, asked):
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter")
        with lock:
            objects = sorted((name, found) for name, found in bucket.items() if name.startswith(prefix))
        entries = {}
        for name, found in objects:
            rest = name[len(prefix) :]
            if delimiter and delimiter in rest:
                folder = prefix + rest.split(delimiter)[0] + delimiter
                entries[folder] = f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"
            else:
                moment = email.utils.parsedate_to_datetime(found.modified).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                entries[name] = (
                    f"<Contents><Key>{escape(name)}</Key><Generation>{found.generation}</Generation><LastModified>{moment}"
                    f"</LastModified><ETag>{escape(found.etag)}</ETag><Size>{len(found.content)}</Size></Contents>"
                )
        after = max(asked.get("continuation-token", ""), asked.get("start-after", ""))
        names = [name for name in sorted(entries) if name > after]
        page, more = names[:PAGE], len(names) > PAGE
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        listed = "".join(entries[name] for name in page)
        text = f"<?xml version='1.0' encoding='UTF-8'?><ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>"
        return self.answer(200, f"{text}{token}{listed}</ListBucketResult>".encode(), {"Content-Type": "application/xml"})

    def put(self, bucket, key, asked, body):
        wanted = self.headers.get("x-goog-if-generation-match")
        new = Object(body)
        with lock:
            if "uploadId" in asked:
                uploads[asked["uploadId"]][int(asked["partNumber"])] = new
                return self.answer(200, headers=new.headers())
            there = bucket.get(key)
            if wanted is not None and int(wanted) != (there.generation if there else 0):
                return self.fail(412, "PreconditionFailed")
            bucket[key] = new
        return self.answer(200, headers=new.headers())

    def post(self, bucket, key, asked, _):
        with lock:
            if "uploads" in asked:
                name = f"upload-{next(generations)}"
                uploads[name] = {}
                text = f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
                return self.answer(200, text.encode())
            parts = uploads.pop(asked["uploadId"])
            new = bucket[key] = Object(b"".join(parts[number].content for number in sorted(parts)))
        text = f"<CompleteMultipartUploadResult><ETag>{escape(new.etag)}</ETag></CompleteMultipartUploadResult>"
        return self.answer(200, text.encode(), new.headers())

    def delete(self, bucket, key, asked, _):
        with lock:
            gone = uploads.pop(asked["uploadId"], None) if "uploadId" in asked else bucket.pop(key, None)
        return self.answer(204) if gone is not None else self.fail(404, "NoSuchKey")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.serve_forever()
