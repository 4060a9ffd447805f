#include "provrun/engine/program_search.hpp"

#include "support/catch.hpp"
#include "support/engine_world.hpp"

// Which program PATH finds is a dependency of those that were started.

using namespace provrun;
using namespace provrun::test;

namespace {

const std::string kCall = "steps: {a: {run: call tool out}}\n";

void put(World& world, const std::string& place, const std::string& text) {
  world.files.files[place] = text;
  world.files.executable.insert(place);
}

World world_with_tool(const std::string& path) {
  World world;
  world.observes = true;
  world.variables["PATH"] = path;
  put(world, "/usr/bin/tool", "usual");
  world.files.files["/usr/local/bin/other"] = "";
  return world;
}

core::Reason found_first(const std::string& before, const std::string& after) {
  return {"observed_program", "tool", before, after};
}

}  // namespace

TEST_CASE("a step runs again when another PATH finds another program first, and only then") {
  auto world = world_with_tool("/usr/local/bin:/usr/bin");
  CHECK(world.run(kCall).counts.executed == 1);
  CHECK(world.of("a").observed.search_path == "/usr/local/bin:/usr/bin");
  put(world, "/x/bin/tool", "mine");
  put(world, "/x/bin/unrelated", "");
  CHECK(world.run(kCall).counts.up_to_date == 1);
  world.variables["PATH"] = "/usr/bin:/usr/local/bin:/x/bin";
  CHECK(world.run(kCall).counts.up_to_date == 1);
  world.variables["PATH"] = "/x/bin:/usr/local/bin:/usr/bin";
  CHECK(world.run(kCall).counts.executed == 1);
  CHECK(world.of("a").reason == found_first("/usr/bin/tool", "/x/bin/tool"));
  CHECK(world.files.files["out"] == "mine");
  CHECK(world.run(kCall).counts.up_to_date == 1);
  // Taken back, the result of before fits again.
  world.variables["PATH"] = "/usr/local/bin:/usr/bin";
  CHECK(world.run(kCall).counts.reused == 1);
  CHECK(world.files.files["out"] == "usual");
  CHECK(world.of("a").reason == found_first("/x/bin/tool", "/usr/bin/tool"));
}

TEST_CASE("a program that appears in an earlier folder of the same PATH is named") {
  auto world = world_with_tool("/usr/local/bin:/usr/bin");
  world.run(kCall);
  world.files.files["/usr/local/bin/tool"] = "no program yet";
  CHECK(world.run(kCall).counts.executed == 1);
  CHECK(world.of("a").reason.kind == "observed_new");
  CHECK(world.run(kCall).counts.up_to_date == 1);
  world.files.executable.insert("/usr/local/bin/tool");
  CHECK(world.run(kCall).counts.executed == 1);
  CHECK(world.of("a").reason == found_first("/usr/bin/tool", "/usr/local/bin/tool"));
}

TEST_CASE("what PATH does not find, or finds by another way, is no change") {
  auto world = world_with_tool("/usr/local/bin:/usr/bin");
  world.run(kCall);
  world.variables["PATH"] = "/nowhere";
  CHECK(world.run(kCall).counts.up_to_date == 1);
  world.variables.erase("PATH");
  CHECK(world.run(kCall).counts.up_to_date == 1);
  put(world, "/y/bin/tool", "usual");
  world.files.links["/y/bin/tool"] = "/usr/bin/tool";
  world.variables["PATH"] = "/y/bin:/usr/bin";
  CHECK(world.run(kCall).counts.up_to_date == 1);
  // A virtual environment's interpreter is the same file and another program.
  world.files.files["/y/pyvenv.cfg"] = "home = /usr/bin";
  CHECK(world.run(kCall).counts.executed == 1);
  CHECK(world.of("a").reason == found_first("/usr/bin/tool", "/y/bin/tool"));
}

TEST_CASE("where PATH is not set the usual folders are looked through") {
  auto world = world_with_tool("");
  world.variables.erase("PATH");
  CHECK(world.run(kCall).counts.executed == 1);
  CHECK(world.of("a").observed.search_path == "/usr/local/bin:/usr/bin:/bin");
  put(world, "/x/bin/tool", "mine");
  world.variables["PATH"] = "/x/bin";
  CHECK(world.run(kCall).counts.executed == 1);
  world.variables.erase("PATH");
  CHECK(world.run(kCall).counts.reused == 1);
}

TEST_CASE("a program that was named by its path is not one that PATH found") {
  World world;
  engine::ProgramSearch search(world.files);
  put(world, "/usr/bin/sh", "");
  put(world, "/x/bin/sh", "");
  world.files.files["/usr/local/bin/other"] = "";
  auto set = std::make_shared<core::AccessSet>();
  core::Access shell;
  shell.path = "/usr/bin/sh";
  shell.uses = core::Use::execute;
  shell.before = core::Presence::file;
  set->accesses = {shell};
  const engine::SearchPaths paths{"/usr/local/bin:/usr/bin", "/x/bin:/usr/bin", "."};
  const auto never = [](const std::string&) { return false; };
  CHECK_FALSE(search.change(paths, {set}, never));
  auto looked = std::make_shared<core::AccessSet>();
  core::Access probe;
  probe.path = "/usr/local/bin/sh";
  probe.uses = core::Use::probe;
  probe.before = core::Presence::absent;
  looked->accesses = {probe};
  CHECK(search.change(paths, {set, looked}, never) ==
        core::Reason{"observed_program", "sh", "/usr/bin/sh", "/x/bin/sh"});
  CHECK(search.places(paths, {set, looked}) == std::vector<std::string>{"/x/bin/sh"});
  // A record of before says nothing of it.
  CHECK_FALSE(search.change({{}, paths.now, "."}, {set, looked}, never));
}

TEST_CASE("folders of PATH may lie in the workspace, where steps make programs") {
  auto world = world_with_tool("bin:/usr/local/bin:/usr/bin");
  const std::string workflow = R"(
steps:
  early: {run: make first 1}
  a: {run: call tool out, needs: early}
  late: {run: make bin/tool 2, outputs: bin/tool, needs: a}
)";
  CHECK(world.run(workflow).counts.executed == 3);
  world.files.executable.insert("bin/tool");
  CHECK(world.run(workflow).counts.up_to_date == 3);
}
