#include "provrun/app/withheld_ids.hpp"

#include "provrun/hash/sha256.hpp"
#include "support/catch.hpp"

using namespace provrun;
using app::KeyedIds;
using app::WithheldIds;

namespace {

core::ContentId id_of(std::string_view text) {
  return {hash::sha256(text)};
}

const KeyedIds kIds("key of the workspace");
const core::ContentId kSecret = id_of("a secret");
const core::ContentId kPlain = id_of("no secret");

core::ContentId listing_of(std::string_view directory) {
  return id_of(std::string("listing of ") + std::string(directory));
}

core::Execution execution_reading(const core::ContentId& content, std::string_view directory = {}) {
  core::Execution execution;
  execution.step = "count";
  execution.state = core::StepState::executed;
  execution.inputs = {{"keys/a.txt", content, 8, 0644}};
  auto input = codec::Json::object({{"path", "keys/a.txt"}, {"content", content.to_string()}});
  if (!directory.empty())
    input =
        codec::Json::object({{"path", directory}, {"content", listing_of(directory).to_string()}});
  execution.key = codec::Json::object({{"version", 1}});
  execution.key.set("inputs", codec::Json::array().push_back(std::move(input)));
  execution.step_key = hash::sha256(execution.key.canonical());
  return execution;
}

struct Lines {
  std::string text;
  std::vector<core::Execution> executions;

  void add(const core::Execution& execution) {
    text += core::to_json(execution).dump() + "\n";
    executions.push_back(execution);
  }
};

}  // namespace

TEST_CASE("a keyed id says only to whom has the key what it stands for", "[app]") {
  const auto keyed = kIds.of(kSecret);
  CHECK(keyed.keyed);
  CHECK(keyed.to_string().starts_with("hmac-sha256:"));
  CHECK(core::parse_content_id(keyed.to_string()) == keyed);
  CHECK(keyed.digest != kSecret.digest);
  CHECK(kIds.same(keyed, kSecret));
  CHECK_FALSE(kIds.same(keyed, kPlain));
  CHECK_FALSE(KeyedIds("another key").same(keyed, kSecret));
  CHECK_FALSE(KeyedIds("").same(KeyedIds("").of(kSecret), kSecret));
  CHECK(kIds.same(kPlain, kPlain));
}

TEST_CASE("ids of withheld contents are replaced wherever they stand in a text", "[app]") {
  const WithheldIds ids(kIds, {kSecret});
  const auto hex = kSecret.digest.to_hex();
  const auto keyed = kIds.of(kSecret).to_string();
  CHECK(ids.rewrite("") == "");
  CHECK(ids.rewrite(hex) == keyed);
  CHECK(ids.rewrite(kSecret.to_string()) == keyed);
  CHECK(ids.rewrite("{\"content\":\"sha256:" + hex + "\"}") == "{\"content\":\"" + keyed + "\"}");
  CHECK(ids.rewrite("r f " + hex + " 8 644 a") == "r f " + keyed + " 8 644 a");
  for (std::size_t before = 0; before < 200; ++before) {
    const std::string space(before, before % 2 == 0 ? 'x' : '-');
    CHECK(ids.rewrite(space + hex + "," + hex + space) == space + keyed + "," + keyed + space);
  }
  for (const auto& other : {"0" + hex, hex + "0", hex.substr(1), kPlain.to_string(),
                            std::string("deadbeef " + kPlain.digest.to_hex() + "g")})
    CHECK(ids.rewrite(other) == other);
}

TEST_CASE("a set of accesses with a withheld content is another set", "[app]") {
  const core::Access secret{"keys/a.txt", core::Use::read, core::Presence::file, kSecret, 8, 0644,
                            false};
  const core::Access plain{"data.csv", core::Use::read, core::Presence::file, kPlain, 9, 0644,
                           false};
  const auto with = core::make_access_sets(core::PathClass::workspace, {plain, secret}).front();
  const auto without = core::make_access_sets(core::PathClass::outside, {plain}).front();
  WithheldIds ids(kIds, {kSecret});
  CHECK(ids.rewrite(without) == without);
  const auto rewritten = ids.rewrite(with);
  CHECK(rewritten->accesses.at(0) == plain);
  CHECK(rewritten->accesses.at(1).content == kIds.of(kSecret));
  CHECK(core::parse_access_set(core::text_of(*rewritten)).id == rewritten->id);
  CHECK(core::text_of(*rewritten).find(kSecret.digest.to_hex()) == std::string::npos);

  auto execution = execution_reading(kPlain);
  execution.observed.mechanism = "preload";
  execution.observed.access_sets = {without->id, with->id};
  Lines lines;
  lines.add(execution);
  ids.rewrite(lines.text, lines.executions);
  const auto& read = core::execution_from_json(codec::parse_json(lines.text));
  CHECK(read.observed.access_sets == std::vector{without->id, rewritten->id});
  CHECK(lines.executions[0].observed.access_sets == read.observed.access_sets);
  CHECK(read.step_key == execution.step_key);
}

TEST_CASE("an execution that used a withheld content has a keyed step key", "[app]") {
  Lines lines;
  lines.add(execution_reading(kSecret));
  lines.add(execution_reading(kPlain));
  lines.add(execution_reading(kSecret, "keys/"));
  lines.add(execution_reading(kSecret, "other/"));
  // As the record of a folder that is updated in place and was restored.
  auto without_files = execution_reading(kSecret, "keys/");
  without_files.inputs.clear();
  lines.add(without_files);
  const auto before = lines.executions;
  WithheldIds ids(kIds, {kSecret});
  ids.rewrite(lines.text, lines.executions);
  CHECK(ids.contents() == std::unordered_set{kSecret, listing_of("keys/")});
  CHECK(lines.text.find(kSecret.digest.to_hex()) == std::string::npos);
  std::vector<core::Execution> read;
  for (std::size_t at = 0, end = 0; at < lines.text.size(); at = end + 1) {
    end = lines.text.find('\n', at);
    read.push_back(core::execution_from_json(codec::parse_json(lines.text.substr(at, end - at))));
  }
  REQUIRE(read.size() == 5);
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(read[i].step_key == lines.executions[i].step_key);
    CHECK(read[i].inputs == lines.executions[i].inputs);
  }
  const auto content_in_key = [&](std::size_t i) {
    return read[i].key.at("inputs").as_array().at(0).get_string("content");
  };
  CHECK(read[0].step_key == kIds.of_step_key(before[0].step_key));
  CHECK(content_in_key(0) == kIds.of(kSecret).to_string());
  CHECK(read[1].step_key == before[1].step_key);
  CHECK(core::to_json(read[1]) == core::to_json(before[1]));
  CHECK(read[2].step_key == kIds.of_step_key(before[2].step_key));
  CHECK(content_in_key(2) == kIds.of(listing_of("keys/")).to_string());
  CHECK(read[3].step_key == before[3].step_key);
  CHECK(read[3].inputs[0].content == kIds.of(kSecret));
  CHECK(read[4].step_key == read[2].step_key);
  CHECK(content_in_key(4) == content_in_key(2));
}

TEST_CASE("the step key of what is up to date is replaced when it is told", "[app]") {
  core::Execution known;
  known.step = "count";
  known.state = core::StepState::up_to_date;
  known.step_key = hash::sha256("its key document");
  Lines lines;
  lines.add(known);
  auto other = known;
  other.step_key = hash::sha256("another");
  lines.add(other);
  WithheldIds ids(kIds, {kSecret});
  ids.add_step_key(known.step_key);
  ids.rewrite(lines.text, lines.executions);
  CHECK(lines.text.find(known.step_key.to_hex()) == std::string::npos);
  CHECK(lines.text.find(kIds.of_step_key(known.step_key).to_hex()) != std::string::npos);
  CHECK(lines.text.find(other.step_key.to_hex()) != std::string::npos);
}

TEST_CASE("withheld contents of earlier rounds are replaced too", "[app]") {
  auto execution = execution_reading(kPlain);
  core::Round round;
  round.outputs = {{"model.txt", kSecret, 8, 0644}};
  execution.rounds = {round};
  Lines lines;
  lines.add(execution);
  WithheldIds(kIds, {kSecret}).rewrite(lines.text, lines.executions);
  CHECK(lines.text.find(kSecret.digest.to_hex()) == std::string::npos);
  CHECK(lines.executions[0].rounds[0].outputs[0].content == kIds.of(kSecret));
}
