#include "provrun/store/slot.hpp"

#include <set>

#include "provrun/base/error.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/os/random.hpp"
#include "support/catch.hpp"
#include "support/memory_backend.hpp"

using namespace provrun;

namespace {

std::string manifest(int number) {
  return R"({"time":"2026-08-01T12:00:00.00000000)" + std::to_string(number % 10) + R"(Z","n":)" +
         std::to_string(number) + "}\n";
}

}  // namespace

TEST_CASE("when all slots of an epoch are taken, the next epoch carries its tombstones on") {
  test::MemoryBackend backend;
  const auto tombstone = hash::sha256("dead pack");
  const auto text = tombstone.to_hex() + "\n";
  const auto file = codec::ZstdCompressor(3).compress(
      {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  backend.create("epochs/1/tombstones.zst", std::string(file.begin(), file.end()));
  for (int i = 0; i < 150; ++i) {
    auto slot = store::Slot::claim(backend, os::new_uuid());
    CHECK(slot.epoch() == static_cast<std::uint64_t>(i / 64 + 1));
    CHECK(slot.tombstones() == store::PackSet{{tombstone}});
    if (i % 3 == 0) slot.commit(manifest(i));
    if (i % 3 == 1) slot.abort();
  }
  CHECK(store::list_epochs(backend) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(backend.list("snapshots").size() == 50);
}

TEST_CASE("a fenced slot does not commit") {
  test::MemoryBackend backend;
  auto slot = store::Slot::claim(backend, os::new_uuid());
  backend.create("epochs/1/w00.end", "fenced\n");
  try {
    slot.commit(manifest(1));
    FAIL("it committed");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::unavailable);
    CHECK(error.message() == "the repository was pruned while this was being written");
  }
  CHECK(backend.list("snapshots").empty());
}

TEST_CASE("a commit that was not published is published by the next session") {
  test::MemoryBackend backend;
  store::Slot::claim(backend, os::new_uuid());
  backend.create("epochs/1/w00.end", manifest(7));
  CHECK(store::publish_committed(backend, 1) == 1);
  CHECK(store::publish_committed(backend, 1) == 0);
  CHECK(backend.list("snapshots") ==
        std::vector<std::string>{"20260801T120000.000000007Z-" +
                                 hash::sha256(manifest(7)).to_hex() + ".json"});
  CHECK(backend.list("epochs/1") == std::vector<std::string>{"tombstones.zst", "w00.end"});
}
