#include <chrono>
#include <filesystem>

#include "provrun/base/error.hpp"
#include "provrun/capture/package_database.hpp"
#include "provrun/capture/program_identity.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/directory.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using capture::InterpreterLine;
using capture::PackageDatabase;
using capture::SystemPackage;

namespace {

std::optional<core::ContentId> hash_file(const std::string& path) {
  return core::ContentId{hash::sha256(os::read_file(path))};
}

void make_dpkg(const test::TemporaryDirectory& root) {
  const std::string info = root / "var/lib/dpkg/info/";
  test::write_file(info + "coreutils.list",
                   "/.\n/bin\n/bin/ls\n/usr/bin/sort\n/usr/bin/perf\n/usr/bin/tac\n");
  test::write_file(info + "libc6:amd64.list",
                   "/lib/x86_64-linux-gnu/libc.so.6\r\nodd\n\n/usr/lib/x\n");
  test::write_file(info + "wrapper.list", "/usr/bin/perf\n");
  test::write_file(info + "gone.list", "/usr/bin/gone");
  test::write_file(info + "libc6:amd64.md5sums", "/usr/bin/no\n");
  test::write_file(root / "var/lib/dpkg/diversions",
                   "/usr/bin/perf\n/usr/bin/perf.real\nwrapper\n"
                   "/usr/bin/tac\n/usr/bin/tac.dist\n:\n/x\n/y\n");
  test::write_file(
      root / "var/lib/dpkg/status",
      "Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\nVersion: 9.1-1\n"
      "Description: x\n Package: not this\n\n"
      "Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.0\n\n"
      "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n\n"
      "Package: wrapper\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"
      "no colon\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 3\n");
}

}  // namespace

TEST_CASE("the owner of a file is read from dpkg's files") {
  test::TemporaryDirectory root;
  make_dpkg(root);
  PackageDatabase packages(root.path());
  CHECK(packages.manager() == "dpkg");
  const SystemPackage coreutils{"dpkg", "coreutils", "9.1-1", "amd64"};
  CHECK(packages.owner_of("/usr/bin/sort") == coreutils);
  CHECK(packages.owner_of("/bin/ls") == coreutils);
  CHECK(packages.owner_of("/usr/bin/ls") == coreutils);  // merged /usr
  CHECK(packages.owner_of("/bin/sort") == coreutils);
  CHECK(packages.owner_of("/usr/lib/x") == SystemPackage{"dpkg", "libc6", "2.36", "amd64"});
  CHECK(packages.owner_of("/usr/bin/perf") == SystemPackage{"dpkg", "wrapper", "1", "all"});
  CHECK(packages.owner_of("/usr/bin/perf.real") == coreutils);
  CHECK_FALSE(packages.owner_of("/usr/bin/tac"));  // the administrator's own file
  CHECK(packages.owner_of("/usr/bin/tac.dist") == coreutils);
  CHECK(packages.owner_of("/usr/bin/gone") == SystemPackage{"dpkg", "gone", "", ""});
  CHECK_FALSE(packages.owner_of("/usr/bin/no"));
  CHECK_FALSE(packages.owner_of("relative"));
  CHECK_FALSE(packages.owner_of(""));
  CHECK(capture::to_json(coreutils).dump() ==
        R"({"manager":"dpkg","name":"coreutils","version":"9.1-1","architecture":"amd64"})");
}

TEST_CASE("the index of dpkg's lists is kept while they are as they were") {
  test::TemporaryDirectory root;
  make_dpkg(root);
  const auto info = root / "var/lib/dpkg/info";
  const auto cache = root / "cache/packages";
  const auto owner = [&](const std::string& path) {
    const auto found = PackageDatabase(root.path(), nullptr, cache).owner_of(path);
    return found ? found->name : "";
  };
  const auto settle = [&] {
    using namespace std::chrono;
    std::filesystem::last_write_time(info,
                                     std::filesystem::file_time_type::clock::now() - hours(1));
  };
  CHECK(owner("/usr/bin/sort") == "coreutils");
  CHECK_FALSE(os::stat_file(cache));  // the lists may change within the same tick of the clock
  settle();
  CHECK(owner("/usr/bin/sort") == "coreutils");
  const auto kept = os::stat_file(cache);
  REQUIRE(kept);
  CHECK(owner("/usr/bin/sort") == "coreutils");
  CHECK(owner("/usr/lib/x") == "libc6");
  CHECK(owner("/usr/bin/none").empty());
  CHECK(os::stat_file(cache) == kept);

  os::rename_file(info + "/wrapper.list", info + "/other.list");
  test::write_file(info + "/new.list", "/usr/bin/new\n");
  settle();
  CHECK(owner("/usr/bin/new") == "new");
  CHECK(os::stat_file(cache) != kept);

  const auto bytes = os::read_file(cache);
  for (std::size_t n = 0; n <= bytes.size(); n += 7) {
    auto damaged = bytes;
    if (n < bytes.size()) damaged[n] = static_cast<char>(damaged[n] ^ 0x55);
    test::write_file(cache, n % 2 == 0 ? damaged : bytes.substr(0, n));
    CHECK(owner("/usr/bin/new") == "new");
  }
}

TEST_CASE("without a package manager nothing is known") {
  test::TemporaryDirectory root;
  PackageDatabase packages(root.path());
  CHECK(packages.manager().empty());
  CHECK_FALSE(packages.owner_of("/bin/sh"));
  test::write_file(root / "var/lib/dpkg/status", "");
  PackageDatabase empty(root.path());
  CHECK_FALSE(empty.owner_of("/bin/sh"));
}

TEST_CASE("interpreter lines as execve reads them") {
  using capture::parse_interpreter_line;
  CHECK(parse_interpreter_line("#!/bin/sh\nx") == InterpreterLine{"/bin/sh", ""});
  CHECK(parse_interpreter_line("#! \t/bin/sh -e \t\n") == InterpreterLine{"/bin/sh", "-e"});
  CHECK(parse_interpreter_line("#!/usr/bin/env python3 -u") ==
        InterpreterLine{"/usr/bin/env", "python3 -u"});
  CHECK(parse_interpreter_line("#!\n") == std::nullopt);
  CHECK(parse_interpreter_line("") == std::nullopt);
  CHECK(parse_interpreter_line("\x7f"
                               "ELF") == std::nullopt);
  CHECK(parse_interpreter_line("#!" + std::string(1000, 'a'))->path.size() == 254);
}

TEST_CASE("a program is told by path, content, package and interpreters") {
  test::TemporaryDirectory folder;
  test::TemporaryDirectory root;
  PackageDatabase packages(root.path());
  test::write_file(folder / "inner", "#!/bin/sh -e\necho\n", 0755);
  test::write_file(folder / "script", "#!" + folder / "inner" + "\n", 0755);
  test::write_file(folder / "by-env", "#!/usr/bin/env -S A=1 sh -x\n", 0755);
  test::write_file(folder / "broken", "#!/not/there\n", 0755);
  test::write_file(folder / "loop", "#!" + folder / "loop" + "\n", 0755);
  os::Directory(folder.path()).make_symlink("script", "link");

  const auto link = capture::program_identity(folder / "link", hash_file, packages);
  CHECK(link.path == folder / "link");
  CHECK(link.resolved == folder / "script");
  CHECK(link.content == hash_file(folder / "script"));
  CHECK(link.size == os::stat_file(folder / "script")->size);
  REQUIRE(link.interpreter);
  CHECK(link.interpreter->path == folder / "inner");
  REQUIRE(link.interpreter->interpreter);
  CHECK(link.interpreter->interpreter_argument == "-e");
  CHECK(link.interpreter->interpreter->path == "/bin/sh");
  CHECK_FALSE(link.interpreter->interpreter->interpreter);
  CHECK(link.note.empty());
  const codec::Json json = capture::to_json(link);
  CHECK(json.at("interpreter").at("interpreter").get_string("path") == "/bin/sh");
  CHECK(json.find("note") == nullptr);

  const auto by_env = capture::program_identity(folder / "by-env", hash_file, packages);
  REQUIRE(by_env.interpreter);
  CHECK(os::base_name(by_env.interpreter->path) == "sh");

  const auto broken = capture::program_identity(folder / "broken", hash_file, packages);
  REQUIRE(broken.interpreter);
  CHECK(broken.interpreter->resolved.empty());
  CHECK_FALSE(broken.interpreter->note.empty());

  int depth = 0;
  const auto loop = capture::program_identity(folder / "loop", hash_file, packages);
  for (const auto* program = &loop; program != nullptr; program = program->interpreter.get())
    ++depth;
  CHECK(depth == 5);

  CHECK(capture::program_identity("no-such-program", hash_file, packages).note ==
        "there is no program of this name on PATH");
  CHECK_FALSE(capture::program_identity(folder.path(), hash_file, packages).note.empty());
  CHECK(capture::program_identity(folder / "none", hash_file, packages).resolved.empty());
  const auto refusing = [](const std::string&) -> std::optional<core::ContentId> {
    throw base::Error(base::ErrorCode::refused, "no");
  };
  CHECK(capture::program_identity("sh", refusing, packages).note == "its content cannot be read");
  CHECK_FALSE(capture::program_identity("sh", nullptr, packages).content);
}

TEST_CASE("programs of this machine have owners") {
  PackageDatabase packages;
  if (packages.manager() != "dpkg") return;
  int owned = 0;
  for (const char* name :
       {"sh", "ls", "sort",  "cut",  "tr",    "head", "tail", "wc",  "cat",  "cp",
        "mv", "rm", "mkdir", "uniq", "paste", "join", "seq",  "env", "date", "du"})
    owned += packages.owner_of(os::resolve_path(std::string("/usr/bin/") + name)).has_value();
  CHECK(owned == 20);
}
