#!/usr/bin/env python3
"""Shows that each check of lint.py passes a clean tree and catches each planted violation.

usage: lint_selftest.py CHECK
"""
import json
import os
import subprocess
import sys
import tempfile

LINT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lint.py")

ROOMS = """provrun_room(base LIBRARIES fmt::fmt)
provrun_room(os DEPS base)
provrun_room(core DEPS base)
if(EXISTS x)
  provrun_room(engine DEPS base core)
endif()
provrun_room(store DEPS base os core)
provrun_room(cli DEPS base store engine)
"""
CLEAN = {
    "src/CMakeLists.txt": ROOMS,
    "src/main.cpp": '#include "provrun/cli/main.hpp"\n',
    "src/store/store.cpp": '#include "provrun/store/store.hpp"\n#include "provrun/os/file.hpp"\n'
                           '// std::cout and fopen() in words are fine\n'
                           'const char* kText = "system(1)"; int system_error(int); int x = system_error(2);\n',
    "include/provrun/base/format.hpp": "#include <fmt/format.h>\n",
    "include/provrun/store/store.hpp": '#include "provrun/core/record.hpp"\n#include <string>\n',
    "tests/unit/store/store_test.cpp": "int store_test;\n",
    "docs/manual/cli/run.md": "# provrun run\n",
    "src/cli/verbs.cpp": '{"run", command_run},\n',
    ".clang-format": "BasedOnStyle: Google\n",
}
BUILD = {
    "completion/provrun.bash": "run\n", "completion/provrun.zsh": "run\n", "completion/provrun.fish": "run\n",
}

# check -> planted files, each of which alone must be found, with a word the finding must contain
PLANTED = {
    "layers": [
        ({"src/store/a.cpp": '#include "provrun/engine/engine.hpp"\n'}, "store does not depend on engine"),
        ({"include/provrun/core/a.hpp": '#include <provrun/os/file.hpp>\n'}, "core does not depend on os"),
        ({"src/CMakeLists.txt": ROOMS + "provrun_room(snapshot DEPS base pipeline)\n"}, "wings"),
        ({"src/CMakeLists.txt": ROOMS + "provrun_room(trace DEPS store)\n"}, "wings"),
        ({"src/attic/a.cpp": "\n"}, "not a room"),
        ({"src/main.cpp": '#include "provrun/store/store.hpp"\n'}, "only room cli"),
    ],
    "foreign": [
        ({"src/store/a.cpp": "#include <sqlite3.h>\n"}, "room db"),
        ({"src/store/a.cpp": "#  include <yaml-cpp/yaml.h>\n"}, "room pipeline"),
        ({"src/core/a.cpp": "#include <sys/stat.h>\n"}, "room"),
        ({"src/engine/a.cpp": "#include <boost/process.hpp>\n"}, "room"),
        ({"include/provrun/db/a.hpp": "#include <sqlite3.h>\n"}, "public header"),
        ({"include/provrun/base/a.hpp": "#include <fmt/format.h>\n"}, "public header"),
    ],
    "banned": [
        ({"src/store/a.cpp": 'auto f = fopen("x", "r");\n'}, "opens a file"),
        ({"src/store/a.cpp": "std::ofstream out(path);\n"}, "opens a file"),
        ({"src/core/a.cpp": 'auto v = std::getenv("HOME");\n'}, "environment"),
        ({"src/core/a.cpp": "int r = system(command);\n"}, "starts a process"),
        ({"src/core/a.cpp": "int r = std::system(command);\n"}, "starts a process"),
        ({"src/core/a.cpp": "auto p = popen(c, m);\n"}, "starts a process"),
        ({"include/provrun/core/a.hpp": "inline void f() { std::cerr << 1; }\n"}, "prints"),
        ({"src/core/a.cpp": 'void f() { printf("%d", 1); }\n'}, "prints"),
        ({"src/core/a.cpp": "int r = sqlite3_step(s);\n"}, "SQLite"),
        ({"src/core/a.cpp": "git_libgit2_init();\n"}, "libgit2"),
        ({"src/store/a.cpp": "size_t n = ZSTD_compress(a, b, c, d, 3);\n"}, "zstd"),
    ],
    "tests_built": [
        ({"tests/unit/store/other_test.cpp": "int other;\n"}, "no test program builds it"),
        ({"tests/unit/store/helper.cpp": "int helper;\n"}, "not named"),
    ],
    "private_names": [
        ({"src/store/a.cpp": "namespace {\n\nint f(int a) {\n  return a;\n}\n\n}  // namespace\n",
          "src/store/b.cpp": "namespace {\n\nint g() {\n}\nstd::string f() {\n}\n}  // namespace\n"}, "f is also"),
        ({"src/os/a.cpp": "namespace {\nconstexpr int kA = 1;\n}  // namespace\n",
          "src/os/b.cpp": "namespace {\nconstexpr long kA = 2;\n}  // namespace\n"}, "kA is also"),
    ],
    "size": [({"src/store/long.cpp": "\n" * 751}, "more than 750")],
    "verbs": [
        ({"src/cli/verbs.cpp": '{"run", command_run},\n{"why", command_why}\n'}, "why has no manual page"),
        ({"docs/manual/cli/why.md": "# provrun why\n"}, "there is no verb why"),
        ({"docs/manual/cli/log.md": "# provrun log\n"}, "provrun.fish: verb log is missing"),
    ],
    "text": [
        ({"src/store/a.cpp": "// TO" "DO: finish\n"}, "unfinished"),
        ({"docs/page.md": "FIX" "ME\n"}, "unfinished"),
        ({"docs/page.md": "see /home" "/alice/data\n"}, "one machine"),
    ],
    "format": [({"src/store/a.cpp": "int   a  =1 ;\n"}, "not formatted")],
}


def run(check, changes):
    files = dict(CLEAN)
    files.update(changes)
    with tempfile.TemporaryDirectory(prefix="provrun-lint.") as top:
        root, build = os.path.join(top, "tree"), os.path.join(top, "out")
        for base, group in ((root, files), (build, BUILD)):
            for path, text in group.items():
                full = os.path.join(base, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w") as f:
                    f.write(text)
        with open(os.path.join(build, "compile_commands.json"), "w") as f:
            json.dump([{"directory": root, "file": "tests/unit/store/store_test.cpp"}], f)
        done = subprocess.run([sys.executable, LINT, check, "--root", root, "--build", build],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in PLANTED:
        print(__doc__)
        return 2
    check = sys.argv[1]
    clean = {} if check != "format" else {p: "int a;\n" for p in CLEAN if p.endswith((".cpp", ".hpp"))}
    code, out = run(check, clean)
    if code == 77:
        print(out, end="")
        return 77
    failures = 0
    if code != 0:
        failures += 1
        print("a clean tree is rejected (exit %d):\n%s" % (code, out))
    for changes, expected in PLANTED[check]:
        code, out = run(check, {**clean, **changes})
        if code != 1 or expected not in out:
            failures += 1
            print("not caught: %r\nexpected exit 1 and %r, got exit %d:\n%s" % (changes, expected, code, out))
    print("lint self-test %s: %d planted, %d failures" % (check, len(PLANTED[check]), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
