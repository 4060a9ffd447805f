#include "provrun/store/chunker.hpp"

#include <set>

#include "provrun/base/error.hpp"
#include "provrun/hash/sha256.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"

using namespace provrun;

namespace {

constexpr store::ChunkerParameters kSmall{.minimum = 512, .average = 2048, .maximum = 8192};

std::vector<std::string> chunks_of(std::string_view data, const store::ChunkerParameters& sizes) {
  const store::Chunker chunker(sizes);
  std::vector<std::string> chunks;
  while (!data.empty()) {
    const auto n = chunker.cut({reinterpret_cast<const std::uint8_t*>(data.data()), data.size()});
    chunks.emplace_back(data.substr(0, n));
    data.remove_prefix(n);
  }
  return chunks;
}

}  // namespace

TEST_CASE("chunks keep their bounds and add up") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto data = seed % 2 == 0 ? test::random_bytes(100'000 + seed, seed)
                                    : test::table_text(100'000 + seed, seed);
    std::string sum;
    const auto chunks = chunks_of(data, kSmall);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      CHECK(chunks[i].size() <= kSmall.maximum);
      if (i + 1 < chunks.size()) CHECK(chunks[i].size() > kSmall.minimum);
      sum += chunks[i];
    }
    CHECK(sum == data);
  }
}

TEST_CASE("the mean chunk is near the average") {
  const auto chunks = chunks_of(test::random_bytes(4'000'000, 1), kSmall);
  const auto mean = 4'000'000.0 / static_cast<double>(chunks.size());
  CHECK(mean > 1500);
  CHECK(mean < 3200);
}

TEST_CASE("an insertion changes only the chunks around it") {
  const auto data = test::random_bytes(300'000, 7);
  const auto before = chunks_of(data, kSmall);
  test::Numbers numbers(8);
  for (int round = 0; round < 20; ++round) {
    auto changed = data;
    changed.insert(numbers.below(data.size()), "inserted");
    const std::set<std::string> known(before.begin(), before.end());
    std::size_t fresh = 0;
    for (const auto& chunk : chunks_of(changed, kSmall)) fresh += known.contains(chunk) ? 0 : 1;
    CHECK(fresh <= 6);
  }
}

TEST_CASE("cut points depend on the bytes only, and are those of the format") {
  const auto data = test::table_text(200'000, 3);
  const auto chunks = chunks_of(data, kSmall);
  std::string sizes;
  for (std::size_t i = 0; i < 6; ++i) sizes += std::to_string(chunks.at(i).size()) + " ";
  CHECK(sizes == "2180 2704 2112 2373 2691 2067 ");
  // What is behind the longest possible chunk has no influence.
  const store::Chunker chunker(kSmall);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(data.data());
  CHECK(chunker.cut({bytes, kSmall.maximum}) == chunker.cut({bytes, data.size()}));
}

TEST_CASE("constant data is cut at the maximum or everywhere alike") {
  const auto chunks = chunks_of(std::string(100'000, '\0'), kSmall);
  for (std::size_t i = 1; i + 1 < chunks.size(); ++i) CHECK(chunks[i].size() == chunks[0].size());
}

TEST_CASE("chunk sizes that do not fit together are refused") {
  for (const auto& sizes :
       {store::ChunkerParameters{32, 1024, 4096}, store::ChunkerParameters{512, 1000, 4096},
        store::ChunkerParameters{2048, 1024, 4096}, store::ChunkerParameters{512, 8192, 4096}})
    CHECK_THROWS_AS(store::Chunker(sizes), base::Error);
}
