#include "provrun/snapshot/snapshots.hpp"

#include "provrun/base/error.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"

using namespace provrun;
using snapshot::SnapshotName;

namespace {

SnapshotName name_at(std::string_view time, char digit) {
  SnapshotName name;
  name.time = *base::parse_timestamp(time);
  name.id.digest = *hash::parse_digest("abc" + std::string(61, digit));
  return name;
}

const std::vector<SnapshotName> kSnapshots{name_at("2026-08-01T10:00", '1'),
                                           name_at("2026-08-01T12:00", '2'),
                                           name_at("2026-08-02T09:00", '3')};

std::string failure_of(std::string_view text) {
  try {
    snapshot::resolve_snapshot(kSnapshots, text);
  } catch (const base::Error& error) {
    return std::string(base::name_of(error.code())) + ": " + error.message();
  }
  return "none";
}

}  // namespace

TEST_CASE("snapshots are found by word, time and id") {
  const auto resolve = [](std::string_view text) {
    return snapshot::resolve_snapshot(kSnapshots, text);
  };
  CHECK(resolve("latest") == kSnapshots[2]);
  CHECK(resolve("latest~0") == kSnapshots[2]);
  CHECK(resolve("latest~2") == kSnapshots[0]);
  CHECK(resolve("@2026-08-01T12:00") == kSnapshots[1]);
  CHECK(resolve("@2026-08-01T11:59:59Z") == kSnapshots[0]);
  CHECK(resolve("@2030-01-01") == kSnapshots[2]);
  CHECK(resolve("abc2") == kSnapshots[1]);
  CHECK(resolve(kSnapshots[1].id.to_hex()) == kSnapshots[1]);
}

TEST_CASE("what names no snapshot is told why") {
  CHECK(failure_of("latest~3") == "not_found: there is no snapshot 'latest~3'");
  CHECK(failure_of("latest~x") == "invalid_input: 'latest~x' names no snapshot");
  CHECK(failure_of("@2020-01-01") == "not_found: there is no snapshot '@2020-01-01'");
  CHECK(failure_of("@yesterday") == "invalid_input: 'yesterday' is not a time");
  CHECK(failure_of("abc") == "invalid_input: 'abc' names no snapshot");
  CHECK(failure_of("") == "invalid_input: '' names no snapshot");
  CHECK(failure_of("ffff") == "not_found: there is no snapshot 'ffff'");
  auto two = kSnapshots;
  two[1].id.digest.bytes[20] = 0;
  two[0].id = two[1].id;
  two[0].id.digest.bytes[31] = 0;
  try {
    snapshot::resolve_snapshot(two, "abc2");
    FAIL("it chose one");
  } catch (const base::Error& error) {
    CHECK(error.message() ==
          "'abc2' is the beginning of 2 snapshots: abc2222222222222, abc2222222222222");
  }
}

TEST_CASE("SNAP:path is split at the right colon") {
  using Pair = std::pair<std::string, std::string>;
  CHECK(snapshot::split_snapshot_path("latest:a/b:c") == Pair("latest", "a/b:c"));
  CHECK(snapshot::split_snapshot_path("latest") == Pair("latest", ""));
  CHECK(snapshot::split_snapshot_path("@2026-08-01T12:00") == Pair("@2026-08-01T12:00", ""));
  CHECK(snapshot::split_snapshot_path("@2026-08-01T12:00:a/b") == Pair("@2026-08-01T12:00", "a/b"));
  CHECK(snapshot::split_snapshot_path("@2026-08-01T12:00:30Z:x:y") ==
        Pair("@2026-08-01T12:00:30Z", "x:y"));
}

TEST_CASE("a manifest round trips, bytes that are not UTF-8 too") {
  snapshot::Manifest manifest;
  manifest.time = {1'785'585'600'123'456'789};
  manifest.root.digest = hash::sha256("root");
  manifest.host = "host";
  manifest.user = "\xffuser";
  manifest.paths = {"/data", "/\xfe\n"};
  manifest.tags = {"daily"};
  manifest.started = {1'785'585'599'000'000'001};
  manifest.ended = {1'785'585'600'000'000'000};
  manifest.counts = {1, 2, 3, 4};
  manifest.parent = snapshot::SnapshotId{hash::sha256("parent")};
  manifest.tool_version = "0.1.0";
  manifest.run = codec::Json::object({{"id", "x"}, {"n", 1}});
  const auto text = manifest.to_json();
  const auto back = snapshot::parse_manifest(text);
  CHECK(back.to_json() == text);
  CHECK(back.time == manifest.time);
  CHECK(back.user == manifest.user);
  CHECK(back.paths == manifest.paths);
  CHECK(back.parent == manifest.parent);
  CHECK(back.run == manifest.run);
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    CHECK_THROWS_AS(snapshot::parse_manifest(text.substr(0, i)), base::Error);
  CHECK_THROWS_AS(snapshot::parse_manifest("{\"provrun_snapshot\":2}"), base::Error);
}

TEST_CASE("commits of one second keep their order") {
  const auto repository =
      store::Repository::create(std::make_shared<test::MemoryBackend>(), test::small_chunks(), {});
  std::vector<SnapshotName> made;
  for (int i = 0; i < 70; ++i)
    made.push_back(test::commit_files(*repository, {{"a", std::to_string(i)}}));
  CHECK(snapshot::list_snapshots(*repository) == made);
  CHECK(snapshot::resolve_snapshot(*repository, "latest~69") == made.front());
}
