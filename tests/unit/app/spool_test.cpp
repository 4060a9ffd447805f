#include "provrun/app/spool.hpp"

#include "provrun/base/error.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;

namespace {

core::RunRecord head() {
  core::RunRecord record;
  record.id.uuid = os::new_uuid();
  record.workflow = "exec x";
  record.parameters = codec::Json::object();
  return record;
}

core::Execution execution_named(const std::string& step) {
  core::Execution execution;
  execution.id.uuid = os::new_uuid();
  execution.step = step;
  execution.state = core::StepState::executed;
  execution.key = codec::Json::object();
  return execution;
}

std::vector<std::string> ended_in(const app::Workspace& workspace) {
  std::vector<std::string> found;
  for (const auto& entry : os::list_directory(workspace.spool_directory())) {
    const auto path = workspace.spool_directory() + "/" + entry.name + "/ended";
    if (os::lstat_file(path)) found.push_back(path);
  }
  return found;
}

}  // namespace

TEST_CASE("an entry comes back as it was written") {
  const test::TemporaryDirectory directory;
  const auto workspace = app::Workspace::at(directory.path());
  workspace.ensure();
  auto record = head();
  auto execution = execution_named("x@1");
  app::SpoolWriter writer{"node", "boot", 7, 99, "12", 2, "slurm:c:10", "/repo"};
  app::SpoolEntry entry(workspace, writer, record, execution);
  CHECK(app::count_spooled(workspace) == 0);
  record.state = core::RunState::failed;
  record.failure = "x failed";
  entry.end(record, execution, {codec::Json::object({{"a", 1}}), nullptr, "diff\n", "software\n"});
  CHECK(app::count_spooled(workspace) == 1);
  const auto paths = ended_in(workspace);
  REQUIRE(paths.size() == 1);
  const auto read = app::parse_spooled(os::read_file(paths[0]));
  CHECK(read.writer.host == "node");
  CHECK(read.writer.slurm_job == "12");
  CHECK(read.writer.slurm_restart == 2);
  CHECK(read.writer.group == "slurm:c:10");
  CHECK(read.writer.repository == "/repo");
  CHECK(read.record.state == core::RunState::failed);
  CHECK(read.record.failure == "x failed");
  CHECK(read.execution.id == execution.id);
  CHECK(read.extra.environment.at("a").as_integer() == 1);
  CHECK(read.extra.git_diff == "diff\n");
  CHECK(read.extra.software == "software\n");
}

TEST_CASE("an execution that was taken for lost is not lost") {
  const test::TemporaryDirectory directory;
  const auto workspace = app::Workspace::at(directory.path());
  workspace.ensure();
  const auto record = head();
  const auto execution = execution_named("x");
  app::SpoolEntry entry(workspace, {}, record, execution);
  entry.keep_log("said\n");
  REQUIRE(
      os::create_if_absent(entry.directory() + "/ended", "taken for lost", os::Durability::cached));
  SECTION("and its end comes before the entry was taken up") {
    entry.end(record, execution, {});
    CHECK(ended_in(workspace).size() == 2);
    CHECK(os::read_file(entry.directory() + "/ended") == "taken for lost");
  }
  SECTION("and its end comes after that") {
    os::remove_tree(entry.directory());
    entry.end(record, execution, {});
    CHECK(ended_in(workspace).size() == 1);
  }
  std::size_t told = 0;
  for (const auto& path : ended_in(workspace)) {
    const auto text = os::read_file(path);
    if (text == "taken for lost") continue;
    ++told;
    CHECK(app::parse_spooled(text).execution.id == execution.id);
  }
  CHECK(told == 1);
}

TEST_CASE("an entry that is cut off or of another format is refused") {
  const test::TemporaryDirectory directory;
  const auto workspace = app::Workspace::at(directory.path());
  workspace.ensure();
  const auto execution = execution_named("x");
  app::SpoolEntry entry(workspace, {}, head(), execution);
  const auto text = os::read_file(entry.directory() + "/started");
  CHECK_NOTHROW(app::parse_spooled(text));
  for (std::size_t size = 0; size + 2 < text.size(); ++size)
    CHECK_THROWS_AS(app::parse_spooled(std::string_view(text).substr(0, size)), base::Error);
  auto newer = text;
  newer.replace(newer.find("spool.v1"), 8, "spool.v9");
  CHECK_THROWS_AS(app::parse_spooled(newer), base::Error);
}

TEST_CASE("a kept file that has changed is left out") {
  const test::TemporaryDirectory directory;
  const auto workspace = app::Workspace::at(directory.path());
  workspace.ensure();
  app::SpoolEntry entry(workspace, {}, head(), execution_named("x"));
  const auto path = directory.path() + "/file";
  os::write_file_atomically(path, "bytes", os::Durability::cached);
  core::Artifact artifact{"file", core::ContentId{hash::sha256("bytes")}, 5, 0644};
  entry.keep(artifact, path);
  CHECK(os::read_file(app::spooled_bytes(entry.directory(), artifact)) == "bytes");
  core::Artifact other{"file", core::ContentId{hash::sha256("others")}, 6, 0644};
  entry.keep(other, path);
  CHECK(app::spooled_bytes(entry.directory(), other).empty());
}
