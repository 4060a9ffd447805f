#!/usr/bin/env python3
"""The house rules that a machine can check. Standard library only.

usage: lint.py CHECK [--root DIR] [--build DIR]

Prints one line per violation, `file:line: what is wrong`, and exits 1; exits 0 when there is none, 2 on bad
usage, and 77 when the check cannot be made on this machine (ctest shows it as skipped). lint_selftest.py
shows for each check that it can fail.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys

SOURCE_SUFFIXES = (".cpp", ".hpp")
MAX_LINES = 750  # design/ARCHITECTURE: the files above it are the ones other projects regret

# Foreign headers and the rooms that own them; the first matching pattern decides. A room appears here only
# when docs/ARCHITECTURE.md names it as the owner.
FOREIGN = [
    (r"fmt/", {"base"}),
    (r"openssl/", {"hash"}),
    (r"zstd(_errors)?\.h|zdict\.h", {"codec"}),
    (r"nlohmann/", {"codec"}),
    (r"zlib\.h", {"compare"}),
    (r"sqlite3(ext)?\.h", {"db"}),
    (r"yaml-cpp/", {"pipeline"}),
    (r"git2(\.h|/)", {"capture"}),
    (r"boost/program_options", {"cli"}),
    (r"fuse(3/|\.h|_)", {"mount"}),
    (r"archive(_entry)?\.h", {"interchange"}),
    (r"boost/", {"os", "exec"}),
    (r"linux/(filter|seccomp)\.h", {"trace", "os", "exec"}),  # exec's launcher installs what trace wrote
    (r"sys/ptrace\.h|linux/|seccomp\.h", {"trace", "os"}),
    (r"(sys|netinet|arpa|net)/|(unistd|fcntl|dirent|signal|poll|spawn|pwd|grp|termios|dlfcn|pthread|sched)\.h$",
     {"os", "exec", "trace"}),
]
# What public headers may include all the same: base::format is a template over fmt, and room os names pid_t.
PUBLIC_FOREIGN = {("include/provrun/base/format.hpp", "fmt/"), ("include/provrun/os/process.hpp", "sys/types.h")}

# The two wings do not know each other; they meet in `core` and are joined in `app`.
EXECUTION_WING = {"pipeline", "trace", "capture", "exec", "engine"}
STORAGE_WING = {"backend", "store", "snapshot", "catalog", "transfer", "mount"}

# Calls and the rooms that may make them.
BANNED = [
    (r"\b(fopen|freopen|fdopen|tmpfile)\s*\(", {"os"}, "opens a file outside room os"),
    (r"\bstd::(basic_)?(o|i)?fstream\b", {"os"}, "opens a file outside room os"),
    (r"\b(secure_)?getenv\s*\(", {"os"}, "reads the environment outside room os"),
    (r"(?<![\w.>:])(std::)?system\s*\(", {"os"}, "starts a process outside room os"),
    (r"\bpopen\s*\(", {"os"}, "starts a process outside room os"),
    (r"\bstd::(cout|cerr|clog|cin)\b", {"cli"}, "prints outside room cli"),
    (r"(?<![\w.>:])(std::)?(f|d|v|vf)?printf\s*\(", {"cli"}, "prints outside room cli"),
    (r"(?<![\w.>:])(std::)?f?puts\s*\(", {"cli"}, "prints outside room cli"),
    (r"\bsqlite3_\w+\s*\(", {"db"}, "calls SQLite outside room db"),
    (r"(?<![\w.>:])git_[a-z0-9_]+\s*\(", {"capture"}, "calls libgit2 outside room capture"),
    (r"\bZSTD_\w+\s*\(", {"codec"}, "calls zstd outside room codec"),
]


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


def tracked(root):
    """Paths under version control; without git, every file outside of build folders."""
    if os.path.exists(os.path.join(root, ".git")):
        out = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             stdout=subprocess.PIPE, check=True).stdout
        names = [n.decode(errors="surrogateescape") for n in out.split(b"\0") if n]
        return sorted(n for n in names if os.path.isfile(os.path.join(root, n)))
    names = []
    for folder, dirs, files in os.walk(root):
        dirs[:] = [d for d in dirs if d not in (".git", ".provrun") and not d.startswith("build")]
        names += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(names)


def sources(root, *tops):
    return [p for p in tracked(root) if p.endswith(SOURCE_SUFFIXES) and p.split("/")[0] in tops]


def room_of(path):
    """src/<room>/… and include/provrun/<room>/…; None for src/main.cpp and the like."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ["include", "provrun"] and len(parts) > 3:
        return parts[2]
    return None


def declared_rooms(root):
    """room -> the rooms it may include, from the provrun_room() calls of src/CMakeLists.txt."""
    text = re.sub(r"#[^\n]*", "", read(root, "src/CMakeLists.txt"))
    rooms = {}
    for body in re.findall(r"provrun_room\(([^)]*)\)", text):
        words = body.split()
        name, deps, into = words[0], set(), None
        for word in words[1:]:
            if word in ("DEPS", "LIBRARIES"):
                into = word
            elif into == "DEPS":
                deps.add(word)
        rooms[name] = deps
    return rooms


def without_comments_and_strings(text):
    """The same text with comments and literals blanked, line numbers kept."""
    pattern = re.compile(r'R"(?P<d>[^ ()\\\n]{0,16})\(.*?\)(?P=d)"|//[^\n]*|/\*.*?\*/'
                         r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: " " + "\n" * m.group(0).count("\n"), text)


def includes(text):
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if m:
            yield number, m.group(1)


def check_layers(args):
    rooms = declared_rooms(args.root)
    for room, deps in sorted(rooms.items()):
        for mine, other in ((EXECUTION_WING, STORAGE_WING), (STORAGE_WING, EXECUTION_WING)):
            for dep in sorted(deps & other if room in mine else ()):
                yield "src/CMakeLists.txt: room %s depends on %s: the two wings do not know each other" % (room, dep)
    for path in sources(args.root, "src", "include"):
        room = room_of(path)
        if room is not None and room not in rooms:
            yield "%s:1: %s is not a room of src/CMakeLists.txt" % (path, room)
            continue
        for line, header in includes(read(args.root, path)):
            m = re.match(r"provrun/(\w+)/", header)
            if not m:
                continue
            used = m.group(1)
            if room is None:
                if used != "cli":
                    yield "%s:%d: only room cli is known here, not %s" % (path, line, used)
            elif used != room and used not in rooms[room]:
                yield "%s:%d: room %s does not depend on %s" % (path, line, room, used)


def check_foreign(args):
    for path in sources(args.root, "src", "include"):
        room = room_of(path)
        for line, header in includes(read(args.root, path)):
            for pattern, owners in FOREIGN:
                if not re.match(pattern, header):
                    continue
                if path.startswith("include/"):
                    if not any(path == p and header.startswith(h) for p, h in PUBLIC_FOREIGN):
                        yield "%s:%d: foreign header <%s> in a public header" % (path, line, header)
                elif room not in owners:
                    yield "%s:%d: <%s> belongs to room %s" % (path, line, header, " or ".join(sorted(owners)))
                break


def check_banned(args):
    for path in sources(args.root, "src", "include"):
        room = room_of(path)
        text = without_comments_and_strings(read(args.root, path))
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, owners, what in BANNED:
                if room not in owners and not line.lstrip().startswith("#") and re.search(pattern, line):
                    yield "%s:%d: %s: %s" % (path, number, what, line.strip()[:80])


def check_tests_built(args):
    with open(os.path.join(args.build, "compile_commands.json")) as f:
        built = {os.path.realpath(os.path.join(c["directory"], c["file"])) for c in json.load(f)}
    for path in [p for p in built if "/Unity/unity_" in p]:  # several sources that are compiled as one
        with open(path) as f:
            built |= {os.path.realpath(p) for _, p in includes(f.read())}
    for path in sources(args.root, "tests"):
        if not path.startswith("tests/unit/") or not path.endswith(".cpp"):
            continue
        if not path.endswith("_test.cpp"):
            yield "%s:1: not named <unit>_test.cpp, so no test program builds it" % path
        elif os.path.realpath(os.path.join(args.root, path)) not in built:
            yield "%s:1: no test program builds it" % path


def private_names(text):
    """(line, name) of what stands at the left margin of an unnamed namespace."""
    inside = False
    code = without_comments_and_strings(text).split("\n")
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("namespace {", "}  // namespace")):
            inside = line.startswith("namespace {")
        elif inside:
            m = (re.match(r"(?:struct|class|enum(?: class)?|using) (\w+)\b(?!;|::)", code[number - 1])
                 or re.match(r"[A-Za-z\[][\w:<>,&*\[\] ]*?[ &*](\w+)(?:\(|\{| =|\[)", code[number - 1]))
            if m and m.group(1) != "operator":
                yield number, m.group(1)


def check_private_names(args):
    """One private name means one thing in a room: its sources may be compiled as one (PROVRUN_UNITY)."""
    seen = {}
    for path in sources(args.root, "src", "include"):
        if path.endswith(".hpp") and room_of(path):
            for name in re.findall(r"^(?:struct|class|enum(?: class)?) (\w+)\b(?!;|::)", read(args.root, path), re.M):
                seen[("src/" + room_of(path), name)] = path
    for path in sources(args.root, "src", "tests"):
        if not path.endswith(".cpp"):
            continue
        for number, name in private_names(read(args.root, path)):
            first = seen.setdefault((os.path.dirname(path), name), path)
            if first != path:
                yield "%s:%d: %s is also a name of %s: share it or name them apart" % (
                    path, number, name, os.path.basename(first))


def check_size(args):
    for path in tracked(args.root):
        if path.endswith(SOURCE_SUFFIXES + (".py", ".sh", ".cmake", "CMakeLists.txt")):
            lines = read(args.root, path).count("\n")
            if lines > MAX_LINES:
                yield "%s:1: %d lines, more than %d: split it by noun" % (path, lines, MAX_LINES)


def check_verbs(args):
    """Every verb of the command line has a manual page, and every page is listed in the manual's index."""
    pages = {os.path.splitext(os.path.basename(p))[0] for p in tracked(args.root)
             if p.startswith("docs/manual/cli/") and p.endswith(".md")} - {"provrun", "README"}
    verbs = set()
    for path in sources(args.root, "src"):
        if room_of(path) == "cli":
            verbs |= set(re.findall(r'\{"([a-z_-]+)",\s*command_\w+\}', read(args.root, path)))  # the verb table
    for verb in sorted(verbs - pages):
        yield "docs/manual/cli/%s.md: verb %s has no manual page" % (verb, verb)
    if verbs:
        for page in sorted(pages - verbs):
            yield "docs/manual/cli/%s.md:1: there is no verb %s" % (page, page)
    if not pages:
        yield "docs/manual/cli: no manual pages"
    for shell in ("bash", "zsh", "fish"):
        script = os.path.join(args.build, "completion", "provrun." + shell)
        if not os.path.exists(script):
            yield "%s completion is not generated" % shell
            continue
        with open(script) as f:
            words = set(re.findall(r"[a-z][a-z_-]*", f.read()))
        for page in sorted(pages - words):
            yield "completion/provrun.%s: verb %s is missing" % (shell, page)


def check_text(args):
    """Unfinished marks and paths of one machine in tracked files."""
    unfinished = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    machine = re.compile(r"(?<![\w.{}/-])/(?:work|home/[a-z]+|root)/[\w.]")
    for path in tracked(args.root):
        with open(os.path.join(args.root, path), "rb") as f:
            raw = f.read()
        if b"\0" in raw[:8192] or path in ("LICENSE",) or path.startswith("tests/lint/"):
            continue
        for number, line in enumerate(raw.decode(errors="replace").split("\n"), 1):
            if unfinished.search(line):
                yield "%s:%d: marks something unfinished: %s" % (path, number, line.strip()[:80])
            if machine.search(line):
                yield "%s:%d: a path of one machine: %s" % (path, number, line.strip()[:80])


def check_format(args):
    tool = shutil.which("clang-format")
    if not tool:
        print("clang-format is not installed")
        sys.exit(77)
    files = sources(args.root, "src", "include", "tests", "tools", "bench")
    if not files:
        return
    done = subprocess.run([tool, "--dry-run", "-Werror"] + files, cwd=args.root,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    bad = sorted({m.group(1) for m in re.finditer(r"^(\S+?):\d+:\d+: error", done.stdout, re.M)})
    for path in bad:
        yield "%s:1: not formatted; run clang-format -i %s" % (path, path)
    if done.returncode != 0 and not bad:
        yield "clang-format failed: %s" % done.stdout.strip()[:400]


CHECKS = {
    "layers": check_layers,
    "foreign": check_foreign,
    "banned": check_banned,
    "tests_built": check_tests_built,
    "private_names": check_private_names,
    "size": check_size,
    "verbs": check_verbs,
    "text": check_text,
    "format": check_format,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("check", choices=sorted(CHECKS))
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("--build", default="build")
    args = parser.parse_args()
    args.root = os.path.abspath(args.root)
    violations = list(CHECKS[args.check](args))
    for line in violations:
        print(line)
    print("lint %s: %d violation%s" % (args.check, len(violations), "" if len(violations) == 1 else "s"))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
