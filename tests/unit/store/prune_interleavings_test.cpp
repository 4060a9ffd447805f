// Every interleaving of two writers and two prunes, over the real code of Slot, commit_in and
// prune: one chunk, held by every pack. A writer relies on a pack that it finds in its index, which
// may be as old as it likes, or uploads one. A prune proposes what it likes, and fences every
// session it meets, as if its lease had run out. Lost: something is committed and no pack is left.
// Then the rules are dropped one by one, by a store or a participant that does not keep them, and
// the loss must be found: a rule whose absence nothing finds is not tested here.
#include <cstdlib>
#include <set>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/forgotten.hpp"
#include "provrun/store/prune.hpp"
#include "support/catch.hpp"
#include "support/interleavings.hpp"

using namespace provrun;
using test::Interleavings;
using test::Objects;

namespace {

enum class Rule {
  none,
  tombstones_honoured,    // a writer does not rely on packs in its epoch's list
  names_never_repeat,     // a pack's name is never made twice
  commit_is_exclusive,    // a commit is create-if-absent
  empty_slots_filled,     // a prune closes slots that nobody claimed
  claimed_slots_closed,   // and those somebody did
  marked_after_closing,   // it reads the roots again after that
  verdict_is_exclusive,   // its verdict is create-if-absent
  earlier_settled,        // it settles earlier epochs before it opens its own
  tombstones_cumulative,  // its list holds whatever was removed before
  fenced_revalidates      // a fenced session looks again before it commits
};

store::PackId pack_of(std::string_view name) {
  return {hash::sha256(name)};
}

std::string manifest_of(int writer) {
  return base::format(R"({{"time":"2026-08-01T12:00:0{}Z","writer":{}}})", writer, writer);
}

class OneChunk : public store::PruneChooser {
 public:
  OneChunk(Interleavings::Actor& actor, Rule dropped) : actor_(actor), dropped_(dropped) {}

  store::PackSet propose(const store::Roots& roots, const store::PackSet& absent) override {
    first_roots_ = roots;
    auto packs = store::list_packs(actor_);
    std::erase_if(packs, [&](const auto& pack) { return absent.contains(pack); });
    if (packs.empty()) return {};
    const auto kept = actor_.choose(packs.size() + (roots.empty() ? 1 : 0));
    if (kept < packs.size()) packs.erase(packs.begin() + static_cast<std::ptrdiff_t>(kept));
    return {packs.begin(), packs.end()};
  }

  store::PackSet confirm(const store::Roots& roots, const store::PackSet& absent,
                         const store::PackSet& proposed) override {
    const auto& counted = dropped_ == Rule::marked_after_closing ? first_roots_ : roots;
    if (counted.empty()) return proposed;
    auto remaining = proposed;
    for (const auto& pack : store::list_packs(actor_))
      if (!absent.contains(pack)) return proposed;
    for (const auto& pack : store::list_packs(actor_))
      if (remaining.erase(pack) > 0) return remaining;
    return remaining;
  }

 private:
  Interleavings::Actor& actor_;
  Rule dropped_;
  store::Roots first_roots_;
};

Interleavings::Program writer(int number, Rule dropped) {
  return [=](Interleavings::Actor& actor) {
    const base::Uuid session{{static_cast<std::uint8_t>(number)}};
    int uploads = 0;
    const auto rely = [&](const store::PackSet& absent) {
      // What an index as old as it likes may name: every pack that was ever uploaded.
      std::vector<store::PackId> known;
      for (const auto* name : {"first", "second", "1.0", "2.0"}) {
        const auto pack = pack_of(name);
        if (dropped != Rule::tombstones_honoured && absent.contains(pack)) continue;
        if (actor.size_of("uploaded/" + pack.digest.to_hex())) known.push_back(pack);
      }
      const auto choice = actor.choose(known.size() + 1);
      if (choice < known.size()) return;
      const auto name = dropped == Rule::names_never_repeat
                            ? std::string("first")
                            : base::format("{}.{}", number, uploads++);
      const auto pack = pack_of(name);
      actor.create(pack.object_name(), name);
      actor.create("uploaded/" + pack.digest.to_hex(), "");
    };
    auto slot = store::Slot::claim(actor, session, 2);
    rely(slot.tombstones());
    store::commit_in(
        actor, slot, session, manifest_of(number),
        [&](const store::PackSet& absent) {
          // A session that was fenced knows exactly what it lacks.
          if (dropped == Rule::fenced_revalidates) return true;
          for (const auto& pack : store::list_packs(actor))
            if (!absent.contains(pack)) return true;
          const auto pack = pack_of(base::format("{}.{}", number, uploads++));
          actor.create(pack.object_name(), "again");
          return true;
        },
        2);
  };
}

Interleavings::Program pruner(Rule dropped) {
  return [=](Interleavings::Actor& actor) {
    OneChunk chooser(actor, dropped);
    store::prune(actor, chooser, 2);
  };
}

std::optional<std::string> lost(const Objects& objects) {
  bool committed = false;
  bool pack = false;
  for (const auto& [name, bytes] : objects) {
    committed = committed || (name.ends_with(".end") && bytes.starts_with('{'));
    pack = pack || name.starts_with("packs/");
  }
  if (committed && !pack) return "something is committed and no pack is left";
  return std::nullopt;
}

std::uint64_t epoch_of(const std::string& name) {
  return std::strtoull(name.c_str() + std::string("epochs/").size(), nullptr, 10);
}

// A store of which somebody drops a rule: creations that lie.
void drop(Interleavings& world, Rule rule) {
  if (rule == Rule::earlier_settled)
    world.pretend = [](const std::string& name) -> std::optional<std::string> {
      if (!name.ends_with("verdict.zst")) return std::nullopt;
      return store::encode_pack_list({});
    };
  world.alter = [rule](const Objects& objects, const std::string& name,
                       Interleavings::Creation& creation) {
    const bool end = name.ends_with(".end");
    const bool claimed = end && objects.contains(name.substr(0, name.size() - 4));
    const bool fence = end && creation.bytes == "fenced\n";
    const bool verdict = name.ends_with("verdict.zst");
    if (rule == Rule::commit_is_exclusive && end && !fence) creation.overwrite = true;
    if (rule == Rule::empty_slots_filled && fence && !claimed) creation.ignore = true;
    if (rule == Rule::claimed_slots_closed && fence && claimed) creation.ignore = true;
    if (rule == Rule::verdict_is_exclusive && verdict) creation.overwrite = true;
    if (rule == Rule::tombstones_cumulative && name.ends_with("tombstones.zst")) {
      Interleavings reader;
      struct One : Interleavings::Actor {
        using Actor::Actor;
        std::string bytes;
        std::optional<std::uint64_t> size_of(const std::string&) override { return bytes.size(); }
        void read(const std::string&, std::uint64_t, std::span<std::uint8_t> out) override {
          std::copy(bytes.begin(), bytes.end(), out.begin());
        }
      };
      One one(reader, {});
      one.bytes = creation.bytes;
      auto packs = store::read_pack_list(one, name);
      for (const auto& [other, bytes] : objects)
        if (other.ends_with("verdict.zst") && epoch_of(other) < epoch_of(name)) {
          one.bytes = bytes;
          for (const auto& pack : store::read_pack_list(one, other)) packs.erase(pack);
        }
      creation.bytes = store::encode_pack_list(packs);
    }
  };
}

Objects start() {
  Objects objects{{"epochs/1/tombstones.zst", store::encode_pack_list({})},
                  {"epochs/1/verdict.zst", store::encode_pack_list({})}};
  for (const auto* name : {"first", "second"}) {
    const auto pack = pack_of(name);
    objects[pack.object_name()] = name;
    objects["uploaded/" + pack.digest.to_hex()] = "";
  }
  return objects;
}

Interleavings::Result explore(Rule rule, int writers, int prunes, std::uint64_t limit) {
  Interleavings world;
  world.permanent = {"epochs/", "uploaded/"};
  // Nobody forgets here, and what is in snapshots/ was in an end before.
  world.quiet = {"trash/snapshots", "snapshots"};
  drop(world, rule);
  std::vector<Interleavings::Program> programs;
  for (int i = 1; i <= writers; ++i) programs.push_back(writer(i, rule));
  for (int i = 0; i < prunes; ++i) programs.push_back(pruner(rule));
  return world.explore(start(), programs, lost, limit);
}

}  // namespace

TEST_CASE("no interleaving of writers and prunes loses what was committed") {
  struct Row {
    int writers, prunes;
  };
  const char* asked = std::getenv("PROVRUN_STATES");
  const std::uint64_t limit = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 150'000;
  for (const auto& row : {Row{1, 1}, Row{2, 1}, Row{1, 2}, Row{2, 2}}) {
    const auto result = explore(Rule::none, row.writers, row.prunes, limit);
    WARN(base::format(
        "{} writers, {} prunes: {} states, {}", row.writers, row.prunes, result.states,
        result.complete ? std::string("all there are")
                        : base::format("all with at most {} preemptions", result.preemptions)));
    INFO(result.violation.value_or(""));
    CHECK_FALSE(result.violation);
    for (const auto& failure : result.failures) INFO(failure);
    CHECK(result.failures.empty());
    if (row.writers + row.prunes < 3) CHECK(result.complete);
  }
}

TEST_CASE("each rule of the protocol is needed: without it the loss is found") {
  struct Row {
    Rule rule;
    const char* name;
    int writers, prunes;
  };
  const std::vector<Row> table{
      {Rule::tombstones_honoured, "writers honour the tombstones", 1, 1},
      {Rule::names_never_repeat, "pack names never repeat", 1, 1},
      {Rule::commit_is_exclusive, "a commit is create-if-absent", 1, 1},
      {Rule::empty_slots_filled, "empty slots are closed", 1, 1},
      {Rule::claimed_slots_closed, "claimed slots are closed", 1, 1},
      {Rule::marked_after_closing, "roots are read again after closing", 1, 1},
      {Rule::fenced_revalidates, "a fenced session revalidates", 1, 1},
      {Rule::verdict_is_exclusive, "a verdict is create-if-absent", 1, 2},
      {Rule::earlier_settled, "earlier epochs are settled first", 1, 2},
      {Rule::tombstones_cumulative, "tombstones are cumulative", 1, 2}};
  for (const auto& row : table) {
    INFO(row.name);
    const auto result = explore(row.rule, row.writers, row.prunes, 600'000);
    WARN(base::format("without '{}': {} after {} states", row.name,
                      result.violation ? "lost" : "NOTHING LOST", result.states));
    CHECK(result.violation);
  }
}
