#include "provrun/parity/coder.hpp"

#include <algorithm>
#include <random>

#include "provrun/base/error.hpp"
#include "support/catch.hpp"

using namespace provrun;
using namespace provrun::parity;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes random_bytes(std::size_t size, std::mt19937& random) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t offset, std::span<std::uint8_t> buffer) override {
    REQUIRE(offset + buffer.size() <= bytes_.size());
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                buffer.begin());
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

std::vector<MemorySource> random_files(std::size_t count, std::size_t limit, std::mt19937& random) {
  std::vector<MemorySource> files;
  for (std::size_t i = 0; i < count; ++i)
    files.emplace_back(random_bytes(1 + random() % limit, random));
  return files;
}

Bytes encode(std::vector<MemorySource>& files, std::uint64_t slice_size, std::uint32_t recovery,
             std::uint64_t memory) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < files.size(); ++i)
    members.push_back({"file " + std::to_string(i), &files[i]});
  SetEncoder encoder(members, slice_size, recovery, memory);
  std::vector<Bytes> seen(files.size());
  encoder.read([&](std::size_t member, std::span<const std::uint8_t> bytes) {
    seen[member].insert(seen[member].end(), bytes.begin(), bytes.end());
  });
  for (std::size_t i = 0; i < files.size(); ++i) REQUIRE(seen[i] == files[i].bytes());
  Bytes out;
  encoder.emit("test", [&](std::span<const std::uint8_t> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
  });
  return out;
}

}  // namespace

TEST_CASE("multiplication in GF(2^16) is that of the polynomial") {
  const auto slow = [](std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (unsigned i = 0; i < 16; ++i)
      if ((b >> i & 1U) != 0) product ^= a << i;
    for (unsigned i = 31; i >= 16; --i)
      if ((product >> i & 1U) != 0) product ^= 0x1100BU << (i - 16);
    return static_cast<std::uint16_t>(product);
  };
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto a = static_cast<std::uint16_t>(random());
    const auto b = static_cast<std::uint16_t>(random());
    REQUIRE(multiply(a, b) == slow(a, b));
    if (a != 0) REQUIRE(multiply(a, invert(a)) == 1);
  }
  REQUIRE(raise(7, 3) == multiply(7, multiply(7, 7)));
  // The constants that the specification lists.
  REQUIRE(slice_constant(0) == 2);
  REQUIRE(slice_constant(1) == 4);
  REQUIRE(slice_constant(2) == 16);
  REQUIRE(slice_constant(3) == 128);
  REQUIRE(slice_constant(4) == 256);
  REQUIRE(slice_constant(5) == 2048);
}

TEST_CASE("every kernel multiplies as single numbers do") {
  std::mt19937 random(2);
  const auto bytes = random_bytes(1000, random);
  Bytes planes(planar_size(bytes.size()));
  to_planes(bytes, planes);
  auto back = planes;
  from_planes(back);
  back.resize(bytes.size());
  REQUIRE(back == bytes);
  for (int round = 0; round < 200; ++round) {
    const auto value = static_cast<std::uint16_t>(round < 3 ? round : static_cast<int>(random()));
    const auto before = random_bytes(planes.size(), random);
    for (const auto kernel : available_kernels()) {
      INFO(name_of(kernel));
      Bytes sum(planes.size());
      to_planes(before, sum);
      Factor(value).multiply_add(planes, sum, kernel);
      from_planes(sum);
      for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const auto word = static_cast<std::uint16_t>(bytes[i] | bytes[i + 1] << 8U);
        const auto product = multiply(word, value);
        REQUIRE(sum[i] == (before[i] ^ (product & 0xffU)));
        REQUIRE(sum[i + 1] == (before[i + 1] ^ product >> 8U));
      }
    }
  }
}

TEST_CASE("what is lost, up to the number of recovery slices, is computed again") {
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    auto files = random_files(1 + random() % 6, 3000, random);
    const std::uint64_t slice_size = 4 * (1 + random() % 100);
    const auto recovery = static_cast<std::uint32_t>(1 + random() % 12);
    // In one go and in several parts: the same bytes.
    const auto encoded = encode(files, slice_size, recovery, 1 << 20);
    REQUIRE(encode(files, slice_size, recovery, 3 * slice_size) == encoded);
    MemorySource source(encoded);
    auto set = read_set(source);
    REQUIRE(set.recovery.size() == recovery);
    const auto described = read_description(source);
    REQUIRE(described);
    REQUIRE(described->files == set.files);

    std::vector<Bytes> slices;
    for (const auto& file : set.files) {
      const auto& bytes = files[std::stoul(file.name.substr(5))].bytes();
      REQUIRE(file.size == bytes.size());
      REQUIRE(file.md5 == hash::md5(bytes));
      for (std::size_t at = 0; at < bytes.size(); at += slice_size) {
        Bytes slice(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    bytes.begin() + static_cast<std::ptrdiff_t>(
                                        std::min<std::size_t>(bytes.size(), at + slice_size)));
        slice.resize(slice_size);
        slices.push_back(slice);
      }
    }
    REQUIRE(slices.size() == set.slices());
    std::vector<std::uint32_t> numbers(slices.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::uint32_t>(i);
    std::shuffle(numbers.begin(), numbers.end(), random);
    // Some recovery slices are lost too.
    std::shuffle(set.recovery.begin(), set.recovery.end(), random);
    set.recovery.resize(1 + random() % set.recovery.size());
    auto lost = numbers;
    lost.resize(std::min(lost.size(), set.recovery.size()));
    std::sort(lost.begin(), lost.end());
    Rebuilder rebuilder(set, lost);
    for (std::size_t i = 0; i < rebuilder.chosen().size(); ++i)
      rebuilder.add_recovery(
          i, std::span(encoded).subspan(static_cast<std::size_t>(rebuilder.chosen()[i].offset),
                                        slice_size));
    for (std::uint32_t i = 0; i < slices.size(); ++i)
      if (!std::binary_search(lost.begin(), lost.end(), i)) rebuilder.add_present(i, slices[i]);
    rebuilder.solve();
    for (std::size_t i = 0; i < lost.size(); ++i) {
      const auto rebuilt = rebuilder.slice(i);
      REQUIRE(std::equal(rebuilt.begin(), rebuilt.end(), slices[lost[i]].begin(),
                         slices[lost[i]].end()));
    }
    // One more than that is told.
    if (numbers.size() > set.recovery.size()) {
      auto more = numbers;
      more.resize(set.recovery.size() + 1);
      REQUIRE_THROWS_AS(Rebuilder(set, more), base::Error);
    }
  }
}

TEST_CASE("damaged packets are left out, the others are found") {
  std::mt19937 random(4);
  auto files = random_files(3, 3000, random);
  const auto encoded = encode(files, 64, 10, 1 << 20);
  MemorySource whole(encoded);
  const auto set = read_set(whole);
  for (int round = 0; round < 300; ++round) {
    auto bytes = encoded;
    bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    MemorySource source(bytes);
    const auto read = read_set(source);  // the description is there twice
    REQUIRE(read.files == set.files);
    REQUIRE(read.recovery.size() >= 9);
    for (const auto& slice : read.recovery)
      REQUIRE(std::find(set.recovery.begin(), set.recovery.end(), slice) != set.recovery.end());
  }
  for (int round = 0; round < 100; ++round) {
    // Cut off: the description at the beginning and the slices before the cut are left.
    auto bytes = encoded;
    bytes.resize(random() % bytes.size());
    MemorySource source(bytes);
    try {
      const auto files_read = read_set(source).files;
      CHECK(files_read == set.files);
    } catch (const base::Error& error) {
      REQUIRE(error.code() == base::ErrorCode::corruption);
    }
  }
}

TEST_CASE("the CRC is that of everybody") {
  const std::string text = "123456789";
  REQUIRE(crc32({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) == 0xCBF43926U);
  std::mt19937 random(5);
  const auto bytes = random_bytes(1000, random);
  for (std::size_t cut = 0; cut < 40; ++cut)
    REQUIRE(crc32(std::span(bytes).subspan(cut), crc32(std::span(bytes).first(cut))) ==
            crc32(bytes));
}
