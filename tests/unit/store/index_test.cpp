#include "provrun/store/index.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/memory_backend.hpp"
#include "support/temporary_folder.hpp"

using namespace provrun;
using store::IndexRow;

namespace {

IndexRow row(std::uint64_t number) {
  IndexRow result;
  result.chunk.id.digest = hash::sha256("chunk " + std::to_string(number));
  result.pack.digest = hash::sha256("pack " + std::to_string(number / 100));
  result.chunk.offset = static_cast<std::uint32_t>(number % 100 * 1000);
  result.chunk.length = 900;
  result.chunk.plain_length = 2000;
  return result;
}

std::vector<IndexRow> rows(std::uint64_t first, std::uint64_t count) {
  std::vector<IndexRow> result;
  for (std::uint64_t i = first; i < first + count; ++i) result.push_back(row(i));
  return result;
}

void require_all(store::Index& index, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto found = index.find(row(i).chunk.id);
    REQUIRE(found.size() == 1);
    REQUIRE(found[0].pack == row(i).pack);
    REQUIRE(found[0].offset == row(i).chunk.offset);
    REQUIRE(found[0].length == 900);
  }
  REQUIRE_FALSE(index.contains(row(count).chunk.id));
}

}  // namespace

TEST_CASE("segments round trip, and say when they are not what they were") {
  store::Segment segment{rows(0, 50), {{hash::sha256("old")}}};
  const auto bytes = store::encode_segment(segment);
  const store::SegmentId id{hash::sha256(bytes)};
  const auto parsed = store::parse_segment(id, bytes);
  CHECK(parsed.supersedes == segment.supersedes);
  CHECK(parsed.rows.size() == 50);
  for (const auto& one : segment.rows)
    CHECK(std::find(parsed.rows.begin(), parsed.rows.end(), one) != parsed.rows.end());
  std::reverse(segment.rows.begin(), segment.rows.end());
  segment.rows.push_back(segment.rows.front());
  CHECK(store::encode_segment(segment) == bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_THROWS_AS(store::parse_segment(id, bytes.substr(0, i)), base::Error);
    auto flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 4);
    CHECK_THROWS_AS(store::parse_segment(id, flipped), base::Error);
    // Also where the name fits the wrong bytes.
    CHECK_THROWS_AS(store::parse_segment({hash::sha256(flipped)}, flipped), base::Error);
  }
}

TEST_CASE("the index finds every row, with and without a cache") {
  const auto backend = std::make_shared<test::MemoryBackend>();
  const test::TemporaryFolder folder;
  const auto cache = folder.path + "/cache/table";
  store::Index writer(backend, "");
  for (std::uint64_t i = 0; i < 100; ++i) writer.publish(rows(i * 100, 100));
  require_all(writer, 10'000);
  store::Index cached(backend, cache);
  require_all(cached, 10'000);
  REQUIRE(os::stat_file(cache));
  store::Index again(backend, cache);
  const auto before = backend->operations();
  require_all(again, 10'000);
  CHECK(backend->operations() - before == 2);  // of segments and of epochs; no segment is read
  writer.publish(rows(10'000, 10));
  CHECK_FALSE(again.contains(row(10'005).chunk.id));
  again.refresh();
  require_all(again, 10'010);
}

TEST_CASE("a cache that is damaged or cut is not believed for long") {
  const auto backend = std::make_shared<test::MemoryBackend>();
  const test::TemporaryFolder folder;
  const auto cache = folder.path + "/table";
  store::Index writer(backend, "");
  writer.publish(rows(0, 5000));
  { store::Index(backend, cache).refresh(); }
  const auto bytes = os::read_file(cache);
  test::Numbers numbers(1);
  for (int round = 0; round < 60; ++round) {
    auto damaged = bytes;
    if (round % 2 == 0) {
      damaged.resize(numbers.below(bytes.size()));
    } else {
      damaged[numbers.below(round < 30 ? 48 : bytes.size())] ^= 0x40;
    }
    os::write_file_atomically(cache, damaged, os::Durability::cached);
    store::Index index(backend, cache);
    for (std::uint64_t i = 0; i < 5100; i += 50)
      index.find(row(i).chunk.id);  // wrong, perhaps; no crash
    index.reload();
    require_all(index, 5000);
  }
}

TEST_CASE("many small segments are merged, nothing is lost, and few are left") {
  const auto backend = std::make_shared<test::MemoryBackend>();
  store::Index writer(backend, "");
  for (std::uint64_t i = 0; i < 700; ++i) {
    writer.publish(rows(i * 5, 5));
    writer.merge_segments();
  }
  CHECK(store::list_segments(*backend).size() < 32);
  require_all(writer, 3500);
  store::Index reader(backend, "");
  require_all(reader, 3500);
}

TEST_CASE("a reader that listed segments before they were merged finds them in the merged one") {
  const auto backend = std::make_shared<test::MemoryBackend>();
  store::Index writer(backend, "");
  for (std::uint64_t i = 0; i < 7; ++i) writer.publish(rows(i * 5, 5));
  store::Index reader(backend, "");
  require_all(reader, 35);
  writer.publish(rows(35, 5));
  writer.merge_segments();
  REQUIRE(store::list_segments(*backend).size() == 1);
  reader.refresh();
  for (std::uint64_t i = 0; i < 40; ++i) REQUIRE(reader.contains(row(i).chunk.id));
}

TEST_CASE("excluded packs do not count") {
  const auto backend = std::make_shared<test::MemoryBackend>();
  store::Index index(backend, "");
  index.publish(rows(0, 5));
  auto elsewhere = row(0);
  elsewhere.pack.digest = hash::sha256("other pack");
  index.publish({elsewhere});
  const store::PackSet excluded{row(0).pack};
  CHECK(index.contains(row(0).chunk.id, &excluded));
  CHECK(index.find(row(0).chunk.id, &excluded).at(0).pack == elsewhere.pack);
  CHECK_FALSE(index.contains(row(1).chunk.id, &excluded));
}
