#!/usr/bin/env python3
"""Writes hostile layer archives, and a list of what must become of each.

usage: hostile.py DIRECTORY UID GID OUTSIDE

OUTSIDE is an absolute path beside the directory that the archives are unpacked into, with a file
`canary` and a directory `room` in it. Every archive becomes DIRECTORY/NAME.tar; DIRECTORY/list has
a line `EXPECTATION NAME` each. Expectations: `refused` (an error), `accepted` (no error) and
`contained` (either); nothing outside may change in any case.
"""
import os
import sys

directory, uid, gid, outside = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
up = "../" * 8
cases = []


def case(expectation, name, *parts, end=b"\0" * 1024):
    cases.append((expectation, name))
    with open(f"{directory}/{name}.tar", "wb") as file:
        file.write(b"".join(parts) + end)


def octal(value, width):
    return f"{value:0{width - 1}o}".encode() + b"\0"


def block(name, kind=b"0", link=b"", size=0, mode=0o644, own=None, raw_size=None, major=0, minor=0,
          magic=b"ustar\0" + b"00", checksum=None, tail=b"", raw_uid=None):
    name = name.encode() if isinstance(name, str) else name
    link = link.encode() if isinstance(link, str) else link
    head = name[:100].ljust(100, b"\0") + octal(mode, 8)
    head += raw_uid or octal(own if own is not None else uid, 8)
    head += octal(gid, 8) + (raw_size or octal(size, 12)) + octal(1_700_000_000, 12)
    rest = kind + link[:100].ljust(100, b"\0") + magic + b"\0" * 64
    rest += octal(major, 8) + octal(minor, 8) + tail
    rest = rest.ljust(512 - 156, b"\0")
    total = sum(head) + 8 * 0x20 + sum(rest)
    return head + (checksum or b"%06o\0 " % total) + rest


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def file(name, data=b"evil\n", **more):
    return block(name, b"0", size=len(data), **more) + padded(data)


def directory_entry(name, **more):
    return block(name, b"5", mode=0o755, **more)


def symlink(name, target):
    return block(name, b"2", target)


def hard(name, target):
    return block(name, b"1", target)


def record(key, value):
    value = value.encode() if isinstance(value, str) else value
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


def pax(data):
    return block("pax", b"x", size=len(data)) + padded(data)


makers = {
    "file": lambda n: file(n),
    "directory": lambda n: directory_entry(n),
    "symlink": lambda n: symlink(n, "x"),
    "hardlink": lambda n: file("a") + hard(n, "a"),
    "fifo": lambda n: block(n, b"6"),
    "device": lambda n: block(n, b"3", major=1, minor=3),
}

# Names that climb.
climbs = {
    "dots": "../canary", "slashdots": "/../canary", "inner": "a/../../canary",
    "deep": "a/b/../../../canary", "current": "./../canary", "many": up + outside[1:] + "/canary",
    "trailing": "../room/",
}
for how, name in climbs.items():
    for what, make in makers.items():
        case("refused", f"climb-{how}-{what}", make(name))
    case("refused", f"climb-{how}-whiteout", file(os.path.dirname(name) + "/.wh.canary", b""))
    case("refused", f"climb-{how}-pax", pax(record("path", name)) + file("innocent"))
    case("refused", f"climb-{how}-longname",
         block("././@LongLink", b"L", size=len(name) + 1) + padded(name.encode() + b"\0")
         + file("innocent"))

# Links first, then something through them.
targets = {
    "absolute": outside, "relative": up + outside[1:], "root": "/", "parent": "..",
    "procroot": "/proc/self/root" + outside, "proccwd": "/proc/self/cwd", "dangling": "nowhere",
    "self": "door", "fd": "/proc/self/fd/3",
}
for how, target in targets.items():
    door = symlink("door", target)
    case("contained", f"link-{how}-file", door, file("door/canary"))
    case("contained", f"link-{how}-newfile", door, file("door/new/deeper"))
    case("contained", f"link-{how}-directory", door, directory_entry("door/room", own=None))
    case("contained", f"link-{how}-over", door, file("door"))
    case("contained", f"link-{how}-whiteout", door, file("door/.wh.canary", b""))
    case("contained", f"link-{how}-opaque", door, file("door/.wh..wh..opq", b""))
    case("contained", f"link-{how}-chmod", door, block("door", b"5", mode=0o777))
    case("refused", f"link-{how}-hard", door, hard("mine", "door/canary"))
    case("contained", f"link-{how}-hardself", door, hard("mine", "door"), file("mine/canary"))
    case("contained", f"link-{how}-symlink", door, symlink("door/canary", "x"))

# Hard links to what is not in the layer.
for how, target in {
    "absolute": outside + "/canary", "relative": up + outside[1:] + "/canary",
    "dots": "../canary", "passwd": "/etc/passwd", "missing": "nothing", "root": ".",
    "directory": "there", "slash": "/",
}.items():
    case("refused", f"hard-{how}", directory_entry("there"), hard("mine", target))

# Whiteouts.
case("refused", "whiteout-dot", file(".wh..", b""))
case("refused", "whiteout-dotdot", file(".wh...", b""))
case("refused", "whiteout-dotdot-inside", directory_entry("a"), file("a/.wh...", b""))
case("contained", "whiteout-empty", file(".wh.", b""))
case("accepted", "whiteout-opaque-root", file(".wh..wh..opq", b""))
case("accepted", "whiteout-aufs", file(".wh..wh.plnk/1.2", b""), file(".wh..wh.aufs", b""))
case("accepted", "whiteout-device-forged", block("etc", b"3", major=0, minor=0))
case("accepted", "whiteout-then-file", file(".wh.a", b""), file("a"))
case("accepted", "whiteout-after-file", file("a"), file(".wh.a", b""))

# Attributes that would forge overlays or labels.
for name in ["trusted.overlay.opaque", "trusted.overlay.redirect", "user.overlay.opaque",
             "user.overlay.redirect", "user.overlay.metacopy", "user.overlay.origin",
             "security.selinux", "security.ima", "security.apparmor", "system.posix_acl_access",
             "trusted.x"]:
    case("accepted", f"attribute-{name}", pax(record("SCHILY.xattr." + name, "y")) + file("a"),
         pax(record("SCHILY.xattr." + name, "/../..")) + directory_entry("d"))
case("contained", "attribute-no-name", pax(record("SCHILY.xattr.", "y")) + file("a"))
case("contained", "attribute-huge", pax(record("SCHILY.xattr.user.x", "y" * 70000)) + file("a"))

# Entries that replace one another.
case("accepted", "replace-directory-by-file", directory_entry("a"), file("a/b"), file("a"))
case("accepted", "replace-file-by-directory", file("a"), directory_entry("a"), file("a/b"))
case("accepted", "replace-file-parent", file("a"), file("a/b"))
case("accepted", "duplicates", *[file("a")] * 50)
case("refused", "replace-root-by-file", file("."))
case("refused", "replace-root-by-link", symlink("/", outside))
case("refused", "replace-root-by-dots", file("a/.."))
case("accepted", "hard-link-to-itself", file("a"), hard("a", "a"))
case("accepted", "setuid", file("su", mode=0o6755))
case("accepted", "devices", block("null", b"3", major=1, minor=3), block("sda", b"4", major=8))

# Broken headers.
case("refused", "checksum", block("a", checksum=b"000001\0 "))
case("refused", "checksum-letters", block("a", checksum=b"zzzzzz\0 "))
case("refused", "noise", bytes(range(256)) * 4)
case("refused", "short-header", block("a")[:300], end=b"")
case("refused", "short-data", block("a", size=4096) + b"x" * 1000, end=b"")
case("refused", "size-negative", block("a", raw_size=b"\xff" * 12))
case("refused", "size-overflow", block("a", raw_size=b"\x80" + b"\xff" * 11))
case("refused", "size-huge", block("a", raw_size=b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7))
case("refused", "size-letters", block("a", raw_size=b"12345678zz\0\0"))
case("refused", "uid-huge", block("a", raw_uid=b"\x80\0\0\x01\0\0\0\0"))
case("refused", "uid-minus-one", block("a", raw_uid=b"\xff" * 8))
case("refused", "uid-largest", block("a", raw_uid=b"\x80\0\0\0\xff\xff\xff\xff"))
case("refused", "type-unknown", block("a", b"Z"))
case("refused", "multi-volume", block("a", b"M"))
case("refused", "behind-the-end", file("a"), b"\0" * 512, file("b"))
case("refused", "name-empty", block(""))
case("refused", "name-slashes", file("///"))
case("refused", "name-long-part", pax(record("path", "a" * 300)) + file("x"))
case("refused", "name-long", pax(record("path", "a/" * 2100)) + file("x"))
case("accepted", "name-deep", pax(record("path", "a/" * 300 + "b")) + file("x"))
case("accepted", "name-not-text", file(b"caf\xe9"), directory_entry(b"\xff\xfe"), file(b"\xff\xfe/x"))
case("refused", "link-empty", block("a", b"2"))
case("refused", "hard-empty", block("a", b"1"))
case("refused", "device-number", block("a", b"3")[:329] + b"zzzzzzz\0" + block("a", b"3")[337:])

# Broken pax headers.
for how, data in {
    "no-length": b"path=a\n", "zero": b"0 path=a\n", "beyond": b"99 path=a\n", "minus": b"-9 path=a\n",
    "no-equals": b"9 pathaa\n", "no-key": b"6 =ab\n", "no-newline": b"9 path=aa",
    "nul": record("path", b"a\0b"), "empty-path": record("path", b""),
    "size-minus": record("size", "-1"), "size-huge": record("size", "9" * 30),
    "uid-huge": record("uid", "99999999999"), "uid-letters": record("uid", "root"),
    "mtime": record("mtime", "yesterday"), "mtime-huge": record("mtime", "9" * 18),
    "link-nul": record("linkpath", b"a\0"), "size-too-large": record("size", str(1 << 50)),
    "length-huge": b"9" * 25 + b" path=a\n",
}.items():
    case("refused", f"pax-{how}", pax(data) + file("a"))
case("refused", "pax-oversize", block("pax", b"x", size=2 << 20) + b"\0" * (2 << 20), file("a"))
case("refused", "pax-alone", pax(record("path", "a")))
case("refused", "pax-truncated", block("pax", b"x", size=512), end=b"")
case("accepted", "pax-global", block("g", b"g", size=len(record("path", "../canary")))
     + padded(record("path", "../canary")), file("a"))
case("refused", "longname-oversize", block("L", b"L", size=4 << 20) + b"\0" * 512, file("a"))
case("refused", "longname-alone", block("L", b"L", size=2) + padded(b"a\0"))
case("refused", "longlink-alone", block("K", b"K", size=2) + padded(b"a\0"))
case("refused", "longname-empty", block("L", b"L", size=1) + padded(b"\0"), file("a"))


# Sparse files.
def sparse(records, data=b"x" * 512):
    return pax(b"".join(record(k, v) for k, v in records)) + file("s", data)


one = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s")]
for how, entry in {
    "overlap": sparse([("GNU.sparse.size", "2048"), ("GNU.sparse.map", "0,256,128,256")]),
    "backwards": sparse([("GNU.sparse.size", "2048"), ("GNU.sparse.map", "1024,256,0,256")]),
    "outside": sparse([("GNU.sparse.size", "1024"), ("GNU.sparse.map", "1000,512")]),
    "too-short": sparse([("GNU.sparse.size", "2048"), ("GNU.sparse.map", "0,100")]),
    "too-long": sparse([("GNU.sparse.size", "4096"), ("GNU.sparse.map", "0,1024")]),
    "odd": sparse([("GNU.sparse.size", "2048"), ("GNU.sparse.map", "0,512,7")]),
    "huge": sparse([("GNU.sparse.size", str(1 << 60)), ("GNU.sparse.map", "0,512")]),
    "letters": sparse([("GNU.sparse.size", "2048"), ("GNU.sparse.map", "0,abc")]),
    "climb": sparse([("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"),
                     ("GNU.sparse.name", "../canary"), ("GNU.sparse.realsize", "0")],
                    padded(b"0\n")),
    "one-no-map": sparse(one + [("GNU.sparse.realsize", "512")], b"x" * 512),
    "one-many": sparse(one + [("GNU.sparse.realsize", "512")], padded(b"999999999\n")),
    "one-short": sparse(one + [("GNU.sparse.realsize", "512")], padded(b"2\n0\n")),
}.items():
    case("refused", f"sparse-{how}", entry)
case("refused", "sparse-gnu-map",
     block("s", b"S", size=512, magic=b"ustar  \0", tail=b"\0" * 41 + octal(4096, 12) + octal(9999, 12))
     + b"x" * 512)
case("contained", "sparse-large", sparse([("GNU.sparse.size", str(1 << 40)),
                                          ("GNU.sparse.map", "0,512")]))

with open(f"{directory}/list", "w") as listing:
    listing.writelines(f"{expectation} {name}\n" for expectation, name in cases)
