#!/usr/bin/env python3
"""Writes hostile archives of images, and a list of what must become of each.

usage: hostile.py DIRECTORY OUTSIDE

OUTSIDE is an absolute path with a file `secret` in it. Every archive becomes DIRECTORY/NAME.tar;
DIRECTORY/list has a line `EXPECTATION NAME` each: `refused` (an error) or `contained` (either, but
the store must be whole and nothing outside read or changed).
"""
import gzip
import hashlib
import io
import json
import sys
import tarfile

directory, outside = sys.argv[1:3]
up = "../" * 12
cases = []


def tar(entries):
    """`entries`: (name, bytes) or (name, TarInfo changes, bytes)."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, *rest in entries:
            info = tarfile.TarInfo(name)
            content = rest[-1] or b""
            info.size = len(content)
            for key, value in (rest[0] if len(rest) == 2 else {}).items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def case(expectation, name, data):
    assert name not in [c[1] for c in cases], name
    cases.append((expectation, name))
    with open(f"{directory}/{name}.tar", "wb") as file:
        file.write(data)


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


LAYER = tar([("etc/", {"type": tarfile.DIRTYPE, "mode": 0o755}, b""), ("etc/file", b"fine\n")])


def config(layers=(LAYER,), **more):
    document = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
                "rootfs": {"type": "layers", "diff_ids": [sha(layer) for layer in layers]}}
    document.update(more)
    return json.dumps(document).encode()


def link(target, hard=False):
    return {"type": tarfile.LNKTYPE if hard else tarfile.SYMTYPE, "linkname": target}


# docker-archive

def docker(expectation, name, manifest=None, parts=(), config_=None, layer=LAYER, first=()):
    item = {"Config": "c.json", "RepoTags": [f"localhost/{name}:1"], "Layers": ["l.tar"]}
    if isinstance(manifest, dict):
        item.update(manifest)
        manifest = None
    if manifest is None:
        manifest = json.dumps([item]).encode()
    entries = [*first]
    if config_ is not False:
        entries.append(("c.json", config() if config_ is None else config_))
    if layer is not None:
        entries.append(("l.tar", layer))
    case(expectation, name, tar(entries + [("manifest.json", manifest), *parts]))


docker("contained", "docker-good")
for number, text in enumerate([b"", b"{", b"[]", b"[{}]", b"[null]", b"null", b"[1]", b'"x"', b"[[]]",
                               b"\xff\xfe", b"[" * 100_000, b'[{"Config":1}]', b"[" + b"1," * 9]):
    docker("refused", f"docker-manifest-{number}", text)
docker("refused", "docker-manifest-twice", b'[{"Config":"c.json","Config":"d.json","Layers":["l.tar"]}]')
docker("refused", "docker-manifest-large", b"[" + b" " * (5 << 20) + b"]")
docker("refused", "docker-manifest-many",
       json.dumps([{"Config": "x", "Layers": []}] * 2).encode())
for number, path in enumerate([f"{up}{outside}/secret", f"{outside}/secret", "..", ".", "/", "",
                               "absent.json", "c.json/x", "manifest.json", "l.tar"]):
    docker("refused", f"docker-config-path-{number}", {"Config": path})
for number, path in enumerate([f"{up}{outside}/secret", f"{outside}/secret", "..", "absent", "",
                               "c.json", "l.tar/../../l.tar/../.."]):
    docker("refused", f"docker-layer-path-{number}", {"Layers": [path]})
docker("contained", "docker-name-upper", {"RepoTags": ["UPPER/x:1"]})
docker("contained", "docker-name-digest", {"RepoTags": ["sha256:" + "0" * 64]})
for number, names in enumerate([["x/UPPER:1"], ["x:" + "y" * 200], ["a b"],
                                ["\u001b[31mred"], ["x\ny"], ["../../x:1"], ["@"], [""], ["a:b:c"],
                                ["x@sha256:../../etc/passwd"], ["-x:1"]]):
    docker("refused", f"docker-name-{number}", {"RepoTags": names})
docker("refused", "docker-names-number", {"RepoTags": [1]})
docker("contained", "docker-names-null", {"RepoTags": None})
docker("contained", "docker-names-many", {"RepoTags": [f"localhost/m:{i}" for i in range(300)]})
docker("refused", "docker-layers-none", {"Layers": None})
docker("refused", "docker-layers-twice", {"Layers": ["l.tar", "l.tar"]})
docker("refused", "docker-layers-thousand", {"Layers": ["l.tar"] * 1000})
docker("refused", "docker-layer-other", layer=tar([("etc/file", b"other\n")]))
docker("refused", "docker-layer-truncated", layer=LAYER[:700])
docker("refused", "docker-layer-empty", layer=b"")
docker("refused", "docker-layer-text", layer=b"not a tar" * 100)
docker("refused", "docker-layer-gzip-torn", layer=gzip.compress(LAYER)[:-30])
docker("refused", "docker-layer-gzip-twice", layer=gzip.compress(gzip.compress(LAYER)))
docker("contained", "docker-layer-gzip", layer=gzip.compress(LAYER))
docker("refused", "docker-layer-missing", layer=None)
docker("refused", "docker-config-missing", config_=False)
for number, text in enumerate([b"", b"{}", b"[]", b"null", b"{" * 1000, b'{"rootfs":1}',
                               b'{"rootfs":{"type":"layers","diff_ids":["x"]}}',
                               b'{"rootfs":{"type":"layers","diff_ids":["sha256:../../../x"]}}',
                               b'{"rootfs":{"type":"layers","diff_ids":[]}}',
                               config().replace(b'"os"', b'"architecture"'),
                               b'{"a":' * 5000 + b"1" + b"}" * 5000]):
    docker("refused", f"docker-config-{number}", config_=text)
docker("refused", "docker-config-large", config_=config(author="x" * (20 << 20)))
for number, more in enumerate([{"Env": ["SECRET", "*", "=x", "A=b\n"]}, {"User": "4294967297"},
                               {"User": "0:99999999999999999999"}, {"WorkingDir": "../../.."},
                               {"Volumes": {"../../x": {}, "/proc": {}}}, {"Labels": {"\u001b[2J": "x"}},
                               {"ExposedPorts": {"99999/tcp": {}, "x": {}}}, {"StopSignal": "KILL\n"},
                               {"Cmd": ["x" * 100_000]}, {"Env": ["A=" + "x" * 100_000]}]):
    docker("contained", f"docker-execution-{number}", config_=config(config=more))
for number, more in enumerate([{"created": "yesterday"}, {"created": "9999999-01-01T00:00:00Z"},
                               {"os": "\u202elinux"}, {"architecture": "../x"}, {"history": [{}] * 9},
                               {"history": 1}, {"config": None}, {"variant": "v" * 300}]):
    docker("contained", f"docker-field-{number}", config_=config(**more))
secret = f"{outside}/secret"
for number, target in enumerate([secret, f"{up}{secret}", "loop", "c.json/../..", "/proc/self/environ"]):
    for hard in (False, True):
        parts = [("loop", link("loop"), None)] if target == "loop" else []
        docker("refused", f"docker-link-{number}-{'hard' if hard else 'soft'}", {"Config": "link"},
               first=[("link", link(target, hard), None), *parts])
chain = [(f"k{i}", link(f"k{i + 1}"), None) for i in range(40)]
docker("refused", "docker-link-chain", {"Config": "k0"}, first=[*chain, ("k40", config())])
docker("refused", "docker-config-device",
       first=[("c.json", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}, None)],
       config_=False)
docker("refused", "docker-config-pipe", first=[("c.json", {"type": tarfile.FIFOTYPE}, None)],
       config_=False)
docker("refused", "docker-config-directory", first=[("c.json", {"type": tarfile.DIRTYPE}, None)],
       config_=False)
docker("contained", "docker-twice", parts=[("c.json", b"{}")])
docker("contained", "docker-names-strange",
       parts=[(name, b"x") for name in ("a\nb", "\u001b[31m", "x" * 300, "./././y", "\u202e")])
case("refused", "docker-outside", tar([(f"{up}{outside}/new", b"x"), ("manifest.json", b"[]")]))
case("refused", "docker-torn", tar([("manifest.json", b"[]" * 5000)])[:3000])

# oci-archive

OCI = "application/vnd.oci.image."


def descriptor(kind, data, **more):
    return {"mediaType": OCI + kind, "digest": sha(data), "size": len(data), **more}


def oci(expectation, name, index=None, entry=None, manifest=None, layer=None, blobs=(), skip=(),
        config_=None, raw_index=None):
    # A layer of its own: one that the store has already is not read again.
    own = LAYER if expectation != "refused" else tar([("etc/file", name.encode())])
    if LAYER in skip:
        skip = (own,)
    if blobs and blobs[0][0].endswith(sha(LAYER)[7:]):
        blobs = [(f"blobs/sha256/{sha(own)[7:]}", *blobs[0][1:])]
    config_ = config((own,)) if config_ is None else config_
    document = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                "config": descriptor("config.v1+json", config_),
                "layers": [descriptor("layer.v1.tar", own) | (layer or {})]}
    document.update(manifest or {})
    data = json.dumps(document).encode()
    top = {"schemaVersion": 2, "manifests": [descriptor(
        "manifest.v1+json", data,
        annotations={"org.opencontainers.image.ref.name": f"localhost/{name}:1"}) | (entry or {})]}
    top.update(index or {})
    parts = [(f"blobs/sha256/{sha(b)[7:]}", b) for b in (config_, own, data) if b not in skip]
    case(expectation, name, tar(
        [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), *parts, *blobs,
         ("index.json", json.dumps(top).encode() if raw_index is None else raw_index)]))


oci("contained", "oci-good")
for number, size in enumerate([0, 1, len(LAYER) + 1, 1 << 62]):
    oci("contained", f"oci-known-layer-size-{number}", layer={"size": size})
for number, text in enumerate([b"", b"{}", b"[]", b"null", b"{" * 9999, b'{"manifests":1}',
                               b'{"schemaVersion":2,"manifests":[{}]}',
                               b'{"schemaVersion":2,"manifests":[],"manifests":[]}']):
    oci("refused", f"oci-index-{number}", raw_index=text)
for number, digest in enumerate(["", "x", "sha256:", "sha256:x", "sha256:../../../../etc/passwd",
                                 "sha256:" + "A" * 64, "sha256:" + "0" * 63, "sha256:" + "0" * 65,
                                 "md5:" + "0" * 32, "sha512:" + "0" * 64, "sha256:" + "0" * 64, 7]):
    oci("refused", f"oci-entry-digest-{number}", entry={"digest": digest})
    oci("refused", f"oci-layer-digest-{number}", layer={"digest": digest})
for number, size in enumerate([-1, 0, 1, 1 << 62, 1e300, "9", None, 0.5, True]):
    oci("refused", f"oci-entry-size-{number}", entry={"size": size})
    oci("refused", f"oci-layer-size-{number}", layer={"size": size})
oci("refused", "oci-both", manifest={"manifests": []})
oci("refused", "oci-both-index", index={"layers": [], "config": descriptor("config.v1+json", LAYER)})
oci("refused", "oci-schema-1", manifest={"schemaVersion": 1})
oci("refused", "oci-entry-type", entry={"mediaType": OCI + "index.v1+json"})
oci("refused", "oci-manifest-type", manifest={"mediaType": OCI + "index.v1+json"})
oci("refused", "oci-layer-type", layer={"mediaType": "text/html"})
oci("refused", "oci-layer-encrypted", layer={"mediaType": OCI + "layer.v1.tar+encrypted"})
oci("refused", "oci-layers-none", manifest={"layers": []})
oci("refused", "oci-layers-many", manifest={"layers": [descriptor("layer.v1.tar", LAYER)] * 2000})
oci("refused", "oci-config-none", manifest={"config": None})
oci("refused", "oci-config-other", manifest={"config": descriptor("config.v1+json", LAYER)})
oci("refused", "oci-blob-missing", skip=(LAYER,))
oci("refused", "oci-foreign", layer={"urls": ["file:///etc/passwd"], "digest": "sha256:" + "1" * 64})
for number, name in enumerate(["../x", "UPPER", "\u001b[31m", "a b", "x\ny", ":", "@", "x" * 300]):
    oci("refused", f"oci-name-{number}",
        entry={"annotations": {"org.opencontainers.image.ref.name": name}})
wrong = b"x" * len(LAYER)
oci("refused", "oci-blob-wrong", skip=(LAYER,), blobs=[(f"blobs/sha256/{sha(LAYER)[7:]}", wrong)])
for number, target in enumerate([secret, f"{up}{secret}", "/proc/self/environ", "../../index.json"]):
    oci("refused", f"oci-blob-link-{number}", skip=(LAYER,),
        blobs=[(f"blobs/sha256/{sha(LAYER)[7:]}", link(target), None)])
inner = b"{}"
for level in range(12):
    inner = json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [
        descriptor("index.v1+json", inner) if level else descriptor("manifest.v1+json", inner)]}).encode()
    oci("refused", f"oci-nested-{level}", entry=descriptor("index.v1+json", inner),
        blobs=[(f"blobs/sha256/{sha(inner)[7:]}", inner)])
oci("refused", "oci-platform", raw_index=json.dumps({"schemaVersion": 2, "manifests": []}).encode())
case("refused", "oci-no-index", tar([("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')]))

# neither

case("refused", "empty", b"")
case("refused", "zeros", b"\0" * 10240)
case("refused", "text", b"hello\n" * 1000)
case("refused", "gzip-bomb", gzip.compress(b"\0" * (32 << 20)))
case("refused", "gzip-torn", gzip.compress(tar([("manifest.json", b"[]")]))[:40])
case("refused", "zstd-header", b"\x28\xb5\x2f\xfd" + b"\xff" * 64)
case("refused", "xz-header", b"\xfd7zXZ\0" + b"\xff" * 64)
case("refused", "many-entries", gzip.compress(tar([(f"{i}", b"") for i in range(100_050)]), 1))

with open(f"{directory}/list", "w") as file:
    file.writelines(f"{expectation} {name}\n" for expectation, name in cases)
