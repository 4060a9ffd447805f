#include "provrun/base/error.hpp"
#include "provrun/snapshot/entry.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"

using namespace provrun;
using snapshot::Entry;
using snapshot::EntryType;

namespace {

Entry there_and_back(const Entry& entry) {
  std::string line;
  snapshot::append_entry_line(line, entry);
  REQUIRE(line.ends_with("}\n"));
  return snapshot::parse_entry_line(std::string_view(line).substr(0, line.size() - 1));
}

}  // namespace

TEST_CASE("all that an entry tells survives its line") {
  Entry entry;
  entry.path = "name";
  entry.uid = 7;
  entry.user = "anna";
  entry.mtime_ns = -1'500'000'001;
  entry.content.id.digest = hash::sha256("");
  CHECK(there_and_back(entry) == entry);
  entry.inode = UINT64_MAX;
  entry.ctime_ns = 1'700'000'000'123'456'789;
  entry.hard_link = "0:77";
  CHECK(there_and_back(entry) == entry);
  entry.changed = true;
  entry.attributes = {{"system.posix_acl_access", std::string("\x02\0\0", 3)}, {"user.\xff", ""}};
  CHECK(there_and_back(entry) == entry);
  entry.path = "quoted \" \\ \n \xff";
  CHECK(there_and_back(entry) == entry);
  for (const auto type :
       {EntryType::fifo, EntryType::socket, EntryType::block_device, EntryType::character_device}) {
    Entry special;
    special.path = "special";
    special.type = type;
    if (snapshot::is_device(type)) {
      special.device_major = 4095;
      special.device_minor = 1'048'575;
    }
    CHECK(there_and_back(special) == special);
  }
}

TEST_CASE("a plain line and the same line with white space tell the same") {
  auto entry = test::file_entry("caf\xc3\xa9", {});
  entry.content.id.digest = hash::sha256("x");
  entry.content.size = 1;
  entry.content.chunks = {{entry.content.id.digest}};
  entry.inode = 5;
  entry.ctime_ns = 1;
  std::string line;
  snapshot::append_entry_line(line, entry);
  line.pop_back();
  CHECK(snapshot::parse_entry_line(line) == entry);
  CHECK(snapshot::parse_entry_line(" " + line) == entry);  // the JSON parser's work
}

TEST_CASE("members that make no sense are corruption") {
  const std::string begin = R"({"n":"x","t":"c","p":"644","m":"0","u":0,"g":0)";
  for (const auto* rest :
       {"}", R"(,"v":"1"})", R"(,"v":"a:1"})", R"(,"v":"1:4294967296"})", R"(,"v":"1:2","i":"-1"})",
        R"(,"v":"1:2","a":[{"n":"","v":""}]})", R"(,"v":"1:2","a":[{"n":"x"}]})"}) {
    try {
      snapshot::parse_entry_line(begin + rest);
      FAIL("accepted: " << rest);
    } catch (const base::Error& error) {
      CHECK(error.code() == base::ErrorCode::corruption);
    }
  }
}
