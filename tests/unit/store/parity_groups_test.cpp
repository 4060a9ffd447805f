#include "provrun/store/parity_groups.hpp"

#include <algorithm>
#include <random>

#include "provrun/base/error.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/parity_repair.hpp"
#include "support/catch.hpp"
#include "support/memory_backend.hpp"

using namespace provrun;
using namespace provrun::store;
using test::MemoryBackend;
using test::MemoryStore;

namespace {

std::string random_text(std::size_t size, std::mt19937& random) {
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

// What is in a pack does not matter here.
PackId add_pack(MemoryStore& store, std::string bytes) {
  const PackId id{hash::sha256(bytes)};
  store.objects[id.object_name()] = std::move(bytes);
  return id;
}

std::vector<PackId> add_packs(MemoryStore& store, std::size_t count, std::size_t size,
                              std::mt19937& random) {
  std::vector<PackId> packs;
  for (std::size_t i = 0; i < count; ++i)
    packs.push_back(add_pack(store, random_text(size + random() % (size / 2 + 1), random)));
  return packs;
}

ParityReport make_all(backend::Backend& backend) {
  return update_parity(backend, UINT64_MAX, {}, nullptr);
}

// Damages one pack in one of several ways.
void harm(MemoryStore& store, const PackId& pack, std::mt19937& random) {
  auto& bytes = store.objects.at(pack.object_name());
  switch (random() % 4) {
    case 0:
      store.objects.erase(pack.object_name());
      break;
    case 1:
      bytes.resize(random() % bytes.size());
      break;
    case 2:
      bytes[random() % bytes.size()] ^= 0x40;
      break;
    default:
      std::fill(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), '\0');
  }
}

bool repaired(const std::vector<PackRepair>& answers) {
  return std::all_of(answers.begin(), answers.end(), [](const auto& answer) {
    return answer.way != PackRepair::Way::none && answer.problem.empty();
  });
}

// The objects below packs/.
std::map<std::string, std::string> packs_of(const MemoryStore& store) {
  std::map<std::string, std::string> packs;
  for (const auto& [name, bytes] : store.objects)
    if (name.starts_with("packs/")) packs.emplace(name, bytes);
  return packs;
}

}  // namespace

TEST_CASE("the newest setting counts, and damage of it is told") {
  MemoryBackend backend;
  REQUIRE(parity_percent(backend) == 0);
  set_parity_percent(backend, 6);
  set_parity_percent(backend, 25);
  REQUIRE(parity_percent(backend) == 25);
  REQUIRE_THROWS_AS(set_parity_percent(backend, 7), base::Error);
  for (auto& c : backend.store()->objects.at("parity/setting-2")) {
    c = static_cast<char>(c ^ 1);
    REQUIRE_THROWS_AS(parity_percent(backend), base::Error);
    c = static_cast<char>(c ^ 1);
  }
}

TEST_CASE("every pack gets into a group, and small groups join") {
  std::mt19937 random(1);
  MemoryBackend backend;
  auto& store = *backend.store();
  set_parity_percent(backend, 6);
  std::uint64_t read = 0;
  std::uint64_t data = 0;
  for (int commit = 0; commit < 200; ++commit) {
    add_packs(store, 1 + random() % 2, 900, random);
    const auto report = make_all(backend);
    REQUIRE(report.covered == report.packs);
    REQUIRE(report.damaged.empty());
    read += report.read_bytes;
    REQUIRE(report.groups <= 24);
  }
  for (const auto& [name, bytes] : packs_of(store)) data += bytes.size();
  REQUIRE(read < 6 * data);
  const auto state = parity_state(backend);
  REQUIRE(state.groups == list_parity_groups(backend).groups.size());
  REQUIRE(state.waiting_bytes == 0);
  // Nothing to do: nothing is written.
  const auto before = store.objects;
  make_all(backend);
  REQUIRE(store.objects == before);
}

TEST_CASE("no more than the limit is read at once") {
  std::mt19937 random(2);
  MemoryBackend backend;
  set_parity_percent(backend, 6);
  add_packs(*backend.store(), 20, 1000, random);
  std::uint64_t covered = 0;
  while (covered < 20) {
    const auto report = update_parity(backend, 5000, {}, nullptr);
    REQUIRE(report.read_bytes <= 5000);
    REQUIRE(report.covered > covered);
    covered = report.covered;
  }
}

TEST_CASE("a damaged pack gets into no group") {
  std::mt19937 random(3);
  MemoryBackend backend;
  auto& store = *backend.store();
  set_parity_percent(backend, 25);
  const auto packs = add_packs(store, 5, 1000, random);
  store.objects.at(packs[2].object_name())[7] ^= 1;
  const auto report = make_all(backend);
  REQUIRE(report.damaged == std::vector{packs[2]});
  REQUIRE(report.covered == 4);
}

TEST_CASE("what a prune has removed is in no group afterwards") {
  std::mt19937 random(4);
  MemoryBackend backend;
  auto& store = *backend.store();
  set_parity_percent(backend, 6);
  const auto packs = add_packs(store, 9, 1000, random);
  make_all(backend);
  store.objects.erase(packs[0].object_name());
  store.objects.erase(packs[5].object_name());
  // Missing is not removed: the group is what brings it back.
  REQUIRE(make_all(backend).removed == 0);
  backend.create(tombstones_name(1), encode_pack_list({packs[0], packs[5]}));
  backend.create(verdict_name(1), encode_pack_list({packs[0], packs[5]}));
  const auto report = make_all(backend);
  REQUIRE(report.removed == 1);
  REQUIRE(report.covered == 7);
  for (const auto& group : list_parity_groups(backend).groups)
    for (const auto& pack : group.packs) {
      REQUIRE(pack.id != packs[0]);
      REQUIRE(pack.id != packs[5]);
    }
  // Without parity from here on, all of it goes.
  set_parity_percent(backend, 0);
  make_all(backend);
  REQUIRE(list_parity_groups(backend).groups.empty());
}

TEST_CASE("losses up to the limit are repaired, beyond it they are told and nothing is harmed") {
  std::mt19937 random(5);
  for (int round = 0; round < 120; ++round) {
    MemoryBackend backend;
    auto& store = *backend.store();
    set_parity_percent(backend, kParityPercents[1 + random() % 4]);
    auto packs = add_packs(store, 1 + random() % 12, 2100 + random() % 1500, random);
    make_all(backend);
    const auto whole = packs_of(store);
    const auto parity = list_parity_groups(backend);
    REQUIRE(parity.groups.size() == 1);
    // Any two packs.
    std::shuffle(packs.begin(), packs.end(), random);
    for (std::size_t i = 0; i < std::min<std::size_t>(2, packs.size()); ++i)
      harm(store, packs[i], random);
    REQUIRE(repaired(repair_packs(backend, packs, {}, nullptr)));
    REQUIRE(packs_of(store) == whole);
    // As many lost slices as there are recovery slices, and then one more.
    const auto& group = parity.groups[0];
    for (int more = 0; more < 2; ++more) {
      std::vector<std::pair<PackId, std::uint64_t>> slices;
      for (const auto& pack : group.packs)
        for (std::uint64_t at = 0; at < pack.size; at += group.slice_size)
          slices.emplace_back(pack.id, at);
      if (slices.size() < group.recovery + static_cast<std::size_t>(more)) continue;
      std::shuffle(slices.begin(), slices.end(), random);
      for (std::size_t i = 0; i < group.recovery + static_cast<std::size_t>(more); ++i)
        store.objects.at(slices[i].first.object_name())[slices[i].second] ^= 0x11;
      // What repair has kept from before would help.
      std::erase_if(store.objects,
                    [](const auto& object) { return object.first.starts_with("trash/"); });
      const auto harmed = store.objects;
      const auto answers = repair_packs(backend, packs, {}, nullptr);
      if (more == 0) {
        for (const auto& answer : answers) CHECK(answer.problem == "");
        REQUIRE(repaired(answers));
        REQUIRE(packs_of(store) == whole);
      } else {
        REQUIRE_FALSE(repaired(answers));
        REQUIRE(store.objects == harmed);
      }
    }
  }
}

TEST_CASE("a repair that fails at any operation harms nothing and goes on the next time") {
  std::mt19937 random(6);
  MemoryBackend prepared;
  set_parity_percent(prepared, 6);
  const auto packs = add_packs(*prepared.store(), 6, 1500, random);
  make_all(prepared);
  const auto whole = packs_of(*prepared.store());
  harm(*prepared.store(), packs[1], random);
  harm(*prepared.store(), packs[4], random);
  bool done = false;
  for (std::uint64_t operation = 1; !done; ++operation) {
    const auto store = std::make_shared<MemoryStore>(*prepared.store());
    store->durable = store->objects;
    {
      MemoryBackend backend(store);
      backend.fail_from(operation, base::ErrorCode::unavailable);
      try {
        done = repaired(repair_packs(backend, packs, {}, nullptr));
      } catch (const base::Error& error) {
        REQUIRE(error.code() == base::ErrorCode::unavailable);
      }
    }
    store->lose_power([&](const std::string&) { return random() % 2 == 0; });
    for (const auto& [name, bytes] : packs_of(*store))
      if (whole.at(name) != bytes) REQUIRE(bytes == prepared.store()->objects.at(name));
    MemoryBackend backend(store);
    REQUIRE(repaired(repair_packs(backend, packs, {}, nullptr)));
    REQUIRE(packs_of(*store) == whole);
  }
}

TEST_CASE("making groups can fail at any operation") {
  std::mt19937 random(7);
  MemoryBackend prepared;
  set_parity_percent(prepared, 6);
  add_packs(*prepared.store(), 5, 900, random);
  make_all(prepared);
  const auto more = add_packs(*prepared.store(), 12, 900, random);
  prepared.create(verdict_name(1), encode_pack_list({more[0]}));
  bool done = false;
  for (std::uint64_t operation = 1; !done; ++operation) {
    const auto store = std::make_shared<MemoryStore>(*prepared.store());
    store->durable = store->objects;
    MemoryBackend failing(store);
    failing.fail_from(operation, base::ErrorCode::no_space);
    try {
      make_all(failing);
      done = true;
    } catch (const base::Error& error) {
      REQUIRE(error.code() == base::ErrorCode::no_space);
    }
    store->lose_power([&](const std::string&) { return random() % 2 == 0; });
    // Whatever there is brings back any pack that was in a group before.
    MemoryBackend backend(store);
    REQUIRE(packs_of(*store) == packs_of(*prepared.store()));
    const auto report = make_all(backend);
    REQUIRE(report.covered == report.packs);
  }
}
