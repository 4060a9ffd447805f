// What is recorded, and the texts that it is made of.
#include "fuzz/target.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/time.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/core/record.hpp"
#include "provrun/interchange/tar.hpp"
#include "support/records.hpp"

namespace provrun::fuzz {

namespace {

void feed_json(std::string_view bytes) {
  accepts([&] {
    const auto value = codec::parse_json(bytes);
    const auto line = value.dump();
    require(codec::parse_json(line).dump() == line);
    require(codec::parse_json(value.dump_pretty()).dump() == line);
    const auto canonical = value.canonical();
    require(codec::parse_json(canonical).canonical() == canonical);
  });
}

void feed_run(std::string_view bytes) {
  accepts([&] {
    const auto text = to_json(core::run_record_from_json(codec::parse_json(bytes))).dump();
    require(to_json(core::run_record_from_json(codec::parse_json(text))).dump() == text);
  });
}

void feed_execution(std::string_view bytes) {
  accepts([&] {
    const auto text = to_json(core::execution_from_json(codec::parse_json(bytes))).dump();
    require(to_json(core::execution_from_json(codec::parse_json(text))).dump() == text);
  });
  accepts([&] {
    core::execution_from_stored_json(codec::parse_json(bytes),
                                     [](const core::ContentId&) { return nullptr; });
  });
}

void feed_accesses(std::string_view bytes) {
  accepts([&] {
    const auto set = core::parse_access_set(bytes);
    const auto text = core::text_of(set);
    require(core::parse_access_set(text).accesses == set.accesses);
  });
}

std::string some_accesses() {
  core::Access read;
  read.path = "data/a b%.csv";
  read.uses = core::Use::read | core::Use::probe;
  read.before = core::Presence::file;
  read.content = records::content("text");
  read.size = 4;
  read.mode = 0644;
  core::Access probed;
  probed.path = "missing\n";
  probed.uses = core::Use::probe;
  probed.before = core::Presence::absent;
  const std::vector<core::Access> accesses{read, probed};
  return core::text_of(core::PathClass::workspace, accesses);
}

/// More than a few tens of megabytes out of a few bytes is a bomb, and not what is looked for here.
constexpr std::size_t kReadAtMost = 32 << 20;

void feed_tar(std::string_view bytes) {
  accepts([&] {
    std::size_t offset = 0;
    interchange::TarReader reader(
        [&](std::span<std::uint8_t> buffer) {
          const auto count = std::min(buffer.size(), bytes.size() - offset);
          std::copy_n(bytes.data() + offset, count, reinterpret_cast<char*>(buffer.data()));
          offset += count;
          return count;
        },
        "fuzz.tar");
    std::vector<std::uint8_t> buffer(64 << 10);
    std::size_t total = 0;
    interchange::TarMember member;
    while (total < kReadAtMost && reader.next(member)) {
      std::uint64_t size = 0;
      while (const auto count = reader.read(buffer)) {
        size += count;
        total += count;
        if (total >= kReadAtMost) return;
      }
      if (member.type == 'f') require(size == member.size);
    }
  });
}

std::string some_tar() {
  std::string archive;
  interchange::TarWriter writer([&](std::string_view bytes) { archive += bytes; });
  interchange::TarMember member{.path = "a/" + std::string(150, 'n'), .size = 5};
  member.mtime_ns = 1'700'000'000'123'456'789;
  member.attributes = {{"user.origin", "x=y\n"}};
  writer.add(member);
  const std::string_view text = "hello";
  writer.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  writer.add({.path = "l", .type = 'l', .target = "a"});
  writer.add({.path = "d", .type = 'd', .mode = 0755});
  writer.finish();
  return archive;
}

void feed_quantities(std::string_view bytes) {
  base::parse_duration(bytes);
  base::parse_size(bytes, false);
  base::parse_size(bytes, true);
  core::parse_content_id(bytes);
  if (const auto time = base::parse_timestamp(bytes)) {
    const auto text = time->to_rfc3339();
    const auto again = base::parse_timestamp(text);
    require(again && again->to_rfc3339() == text);
  }
  if (const auto uuid = base::parse_uuid(bytes))
    require(base::parse_uuid(uuid->to_string()) == uuid);
}

}  // namespace

std::vector<Target> record_targets() {
  auto run = records::run(1, 1'700'000'000'000);
  run.pipeline = records::artifacts({{"pipeline.yaml", "x"}})[0];
  run.trigger = {"provrun", "run"};
  run.parameters = codec::Json::object({{"n", 1}, {"x", 1.5}});
  auto execution = records::execution(1, "fit[a=1]", 1'700'000'000'000, 1'700'000'001'000,
                                      {{"in\xff", "i"}}, {{"out", "o"}});
  return {
      {"json", feed_json, {R"({"a":[1,-2.5e-3,"\u00e4\ud83d\ude00\n",true,null],"b":{}})"}},
      {"run", feed_run, {to_json(run).dump()}},
      {"execution", feed_execution, {to_json(execution).dump(), to_stored_json(execution).dump()}},
      {"accesses", feed_accesses, {some_accesses()}},
      {"tar", feed_tar, {some_tar()}},
      {"quantities",
       feed_quantities,
       {"1h30m", "2.5GiB", "2026-08-01T12:00:00.123456789Z",
        "0198c0de-0000-7000-8000-000000000001"}}};
}

}  // namespace provrun::fuzz
