#include "provrun/core/access_set.hpp"

#include "provrun/base/error.hpp"
#include "provrun/core/record.hpp"
#include "support/catch.hpp"

using namespace provrun;
using core::Access;
using core::PathClass;
using core::Presence;
using core::Use;

namespace {

core::ContentId content_id(std::string_view text) {
  return {hash::sha256(text)};
}

Access file(std::string path, core::Uses uses, std::string_view text) {
  return {std::move(path), uses, Presence::file, content_id(text), text.size(), 0644, false};
}

std::vector<Access> many(std::size_t count) {
  std::vector<Access> accesses;
  for (std::size_t i = 0; i < count; ++i)
    accesses.push_back(file("/usr/lib/x" + std::to_string(10000 + i), Use::read, "x"));
  return accesses;
}

}  // namespace

TEST_CASE("a line has all of an access, whatever its path") {
  const std::vector<Access> accesses{
      file("data/x.csv", Use::read | Use::write, "1,2"),
      {"two words\n100% \xff", Use::probe, Presence::absent, {}, 0, 0, false},
      {"data", Use::list | Use::probe, Presence::directory, content_id("names"), 0, 0, true},
      {"link", Use::follow, Presence::symlink, content_id("target"), 0, 0, false},
      {"key.pem", Use::read, Presence::file, {{content_id("secret").digest, true}}, 9, 0600, false},
      {"ünï", {}, Presence::unknown, {}, 0, 0, false}};
  for (const auto& access : accesses) {
    const auto line = core::line_of(access);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(core::parse_access_line(line) == access);
  }
  CHECK(core::line_of({"a b", Use::probe, Presence::absent, {}, 0, 0, false}) == "p a - - - a%20b");
}

TEST_CASE("what is no line is refused") {
  for (const auto* line : {"", "r f", "q f - 1 644 x", "r z - 1 644 x", "r f abc 1 644 x",
                           "r f - x 644 x", "r f - 1 9 x", "r f - 1 77777 x", "r f - 1 644 ",
                           "r f - 1 644 a b", "p a - 1 - x", "p a - - - %G0", "p a - - - %2"})
    CHECK_THROWS_AS(core::parse_access_line(line), base::Error);
}

TEST_CASE("a set is what its text says, and is named by it") {
  const std::vector<Access> accesses{file("a", Use::read, "1"), file("b", Use::execute, "2")};
  const auto text = core::text_of(PathClass::outside, accesses);
  const auto set = core::parse_access_set(text);
  CHECK(set.accesses == accesses);
  CHECK(set.path_class == PathClass::outside);
  CHECK(set.id == content_id(text));
  CHECK_THROWS_AS(core::parse_access_set("provrun-accesses 2 system\n"), base::Error);
  CHECK_THROWS_AS(core::parse_access_set("provrun-accesses 1 other\n"), base::Error);
  CHECK_THROWS_AS(core::parse_access_set(text + "p a - - - x"), base::Error);
}

TEST_CASE("accesses that differ in one place share all sets but one") {
  const auto before = many(2000);
  auto after = before;
  after.insert(after.begin() + 1000, file("/usr/lib/x11000a", Use::read, "new"));
  const auto old_sets = core::make_access_sets(PathClass::system, before);
  const auto new_sets = core::make_access_sets(PathClass::system, after);
  REQUIRE(old_sets.size() > 10);
  std::size_t shared = 0;
  std::vector<Access> all;
  for (const auto& set : new_sets) {
    for (const auto& old : old_sets) shared += old->id == set->id ? 1 : 0;
    all.insert(all.end(), set->accesses.begin(), set->accesses.end());
  }
  CHECK(all == after);
  CHECK(shared + 2 >= new_sets.size());
}

TEST_CASE("a listing is its names and their kinds, in any order") {
  using core::listing_content;
  const auto one = listing_content({{"a", Presence::file}, {"b", Presence::directory}});
  CHECK(one == listing_content({{"b", Presence::directory}, {"a", Presence::file}}));
  CHECK(one != listing_content({{"a", Presence::file}, {"b", Presence::file}}));
  CHECK(one != listing_content({{"a", Presence::file}}));
  CHECK(one == listing_content({{"a", Presence::file},
                                {"b", Presence::directory},
                                {"__pycache__", Presence::directory},
                                {".provrun", Presence::directory}}));
  CHECK(one.digest == hash::sha256(std::string_view("fa\0db\0", 6)));
}

TEST_CASE("an observation survives its record") {
  core::Execution execution;
  execution.step = "fit";
  execution.grade = core::Grade::traced;
  auto& observed = execution.observed;
  observed.mechanism = "notify";
  observed.access_sets = {content_id("set")};
  observed.accesses = {file("odd name", Use::read, "1")};
  observed.undeclared_inputs = {"odd name"};
  observed.unused_inputs = {"in"};
  observed.undeclared_outputs = {"out\xff"};
  observed.unused_outputs = {"log"};
  observed.processes = {{1, 0, "/bin/sh"}, {2, 1, "/bin/cat"}};
  observed.process_count = 2;
  observed.network = {"192.0.2.1:443"};
  CHECK_FALSE(core::execution_from_json(core::to_json(execution)).observed.search_path);
  observed.search_path = "/odd folder\xff:";
  const auto again = core::execution_from_json(core::to_json(execution));
  CHECK(core::to_json(again).dump() == core::to_json(execution).dump());
  CHECK(again.observed.accesses == observed.accesses);
  CHECK(again.observed.search_path == observed.search_path);
  CHECK(again.observed.undeclared_outputs == observed.undeclared_outputs);
  CHECK(core::evidence_of_input(again, "odd name") == core::Evidence::observed);
  CHECK(core::evidence_of_input(again, "in") == core::Evidence::declared);
  CHECK(core::evidence_of_input(again, "else") == core::Evidence::both);
  CHECK(core::evidence_of_output(core::Execution{}, "else") == core::Evidence::declared);
}

TEST_CASE("undeclared inputs that the accesses tell are stored once") {
  core::Execution execution;
  execution.step = "fit";
  execution.grade = core::Grade::traced;
  execution.inputs = {{"x100005", content_id("declared"), 1, 0644}};
  execution.outputs = {{"x100007", content_id("made"), 1, 0644}};
  auto& observed = execution.observed;
  observed.mechanism = "notify";
  std::vector<Access> accesses;
  for (int i = 0; i < 200; ++i) {
    auto access = file("x" + std::to_string(100000 + i), Use::read, std::to_string(i));
    if (i == 7) access.uses.add(Use::write);
    if (i == 8) access.uses = Use::probe;
    if (i == 9) access.uses = Use::execute;
    if (i == 10) access.content.reset();
    accesses.push_back(std::move(access));
  }
  accesses.insert(accesses.begin(), file("/data/one", Use::read, "one"));
  for (const auto& access : accesses) {
    const bool plain = access.path != "x100005" && access.path != "x100007";
    if (!plain || access.path == "x100008" || access.path == "x100010") continue;
    execution.inputs.push_back({access.path, *access.content, access.size, access.mode});
    observed.undeclared_inputs.push_back(access.path);
  }
  observed.bodies = core::make_access_sets(PathClass::outside, {accesses[0]});
  accesses.erase(accesses.begin());
  for (auto& set : core::make_access_sets(PathClass::workspace, accesses))
    observed.bodies.push_back(std::move(set));
  for (auto& set : core::make_access_sets(PathClass::noise, {file("/proc/x", Use::read, "p")}))
    observed.bodies.push_back(std::move(set));
  for (const auto& set : observed.bodies) observed.access_sets.push_back(set->id);
  const auto set_of = [&](const core::ContentId& id) -> core::AccessSetPtr {
    for (const auto& set : observed.bodies)
      if (set->id == id) return set;
    return nullptr;
  };

  const auto whole = core::to_json(execution).dump();
  const auto stored = core::to_stored_json(execution);
  CHECK(stored.dump().size() < whole.size() / 10);
  CHECK(core::to_json(core::execution_from_stored_json(stored, set_of)).dump() == whole);

  // Where the accesses say something else, or are not all there, everything is written out.
  auto other = execution;
  other.inputs.back().mode = 0600;
  CHECK(core::to_stored_json(other).dump() == core::to_json(other).dump());
  other = execution;
  other.observed.bodies.pop_back();
  CHECK(core::to_stored_json(other).dump() == core::to_json(other).dump());

  // A set that is gone or another is damage.
  const auto nothing = [](const core::ContentId&) { return core::AccessSetPtr(); };
  CHECK_THROWS_AS(core::execution_from_stored_json(stored, nothing), base::Error);
  const auto first = [&](const core::ContentId&) { return observed.bodies.front(); };
  CHECK_THROWS_AS(core::execution_from_stored_json(stored, first), base::Error);
}
