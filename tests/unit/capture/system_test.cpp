#include "provrun/capture/system.hpp"

#include "provrun/os/directory.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;

TEST_CASE("the machine is read from a few files") {
  test::TemporaryDirectory root;
  test::write_file(root / "etc/os-release",
                   "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian \\$x\"\n"
                   "VERSION_ID='12'\nID=debian\nodd line\n=\n");
  test::write_file(root / "etc/debian_version", "12.5\n");
  test::write_file(root / "proc/sys/kernel/ostype", "Linux\n");
  test::write_file(root / "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  test::write_file(
      root / "proc/cpuinfo",
      "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon  X\nphysical id\t: 0\n"
      "core id\t: 0\nflags\t\t: fpu avx avx2\n\nprocessor\t: 1\nphysical id\t: 0\ncore id\t: 0\n");
  test::write_file(root / "proc/meminfo", "MemTotal:       16384 kB\nSwapTotal: 0 kB\n");
  test::write_file(root / "proc/self/cgroup", "0::/job\n");
  test::write_file(root / "sys/fs/cgroup/job/memory.max", "1048576\n");
  test::write_file(
      root / "proc/self/limits",
      "Limit                     Soft Limit           Hard Limit           Units     \n"
      "Max stack size            8388608              unlimited            bytes     \n"
      "Max open files            1024                 1048576              files     \n"
      "Max address space         unlimited            unlimited            bytes     \n");
  test::write_file(root / "proc/self/status", "Name:\tx\nUmask:\t0022\n");
  test::write_file(root / "run/.containerenv", "");
  os::Directory(root / "etc").make_symlink("/usr/share/zoneinfo/Europe/Berlin", "localtime");
  test::write_file(root / "proc/driver/nvidia/version", "NVRM version: 535\nGCC\n");
  test::write_file(root / "proc/driver/nvidia/gpus/0/information", "Model: \t\t A100\n");

  const codec::Json json = capture::system_environment(root.path());
  CHECK(json.at("os").get_string("name") == "Debian $x");
  CHECK(json.at("os").get_string("version") == "12.5");
  CHECK(json.at("os").get_string("id") == "debian");
  CHECK(json.at("os").get_string("title") == "Debian GNU/Linux 12 (bookworm)");
  CHECK(json.at("kernel").get_string("release") == "6.1.0-18-amd64");
  CHECK(json.at("cpu").get_string("model") == "Xeon  X");
  CHECK(json.at("cpu").get_integer("logical_cores") == 2);
  CHECK(json.at("cpu").get_integer("physical_cores") == 1);
  CHECK(json.at("cpu").get_integer("available_cores") >= 1);
  CHECK(json.at("cpu").at("features").dump() == R"(["avx","avx2"])");
  CHECK(json.at("memory").dump() == R"({"bytes":16777216,"swap_bytes":0,"limit_bytes":1048576})");
  CHECK(json.at("limits").dump() ==
        R"({"stack_bytes":8388608,"open_files":1024,"address_space_bytes":null})");
  CHECK(json.get_string("umask") == "0022");
  CHECK(json.get_string("container") == "podman");
  CHECK(json.at("time_zone").get_string("system") == "Europe/Berlin");
  CHECK(json.at("gpus").dump() == R"([{"model":"A100","driver":"NVRM version: 535"}])");
  CHECK(json.at("libc").get_string("name") == "glibc");
}

TEST_CASE("what cannot be read is left out, odd bytes harm nothing") {
  test::TemporaryDirectory root;
  const codec::Json empty = capture::system_environment(root.path());
  CHECK(empty.find("os") == nullptr);
  CHECK(empty.find("memory") == nullptr);
  CHECK(empty.find("limits") == nullptr);
  CHECK(empty.find("locale") != nullptr);
  for (const char* path : {"etc/os-release", "proc/cpuinfo", "proc/meminfo", "proc/self/limits",
                           "proc/self/cgroup", "proc/self/status", "etc/timezone"})
    test::write_file(root / path, std::string(1, '\0') + "\xff=:\n\"\nMax stack size\n:::\n0::\n=");
  capture::system_environment(root.path());
  os::make_directories(root / "etc/debian_version");
  capture::system_environment(root.path());
  const codec::Json here = capture::system_environment();
  CHECK(here.find("kernel") != nullptr);
  CHECK_FALSE(here.at("os").get_string("name").empty());
}
