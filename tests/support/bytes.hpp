#pragma once

#include <cstdint>
#include <string>

namespace provrun::test {

/// Numbers that are the same on every machine (splitmix64).
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }

 private:
  std::uint64_t state_;
};

/// Bytes that do not compress.
inline std::string random_bytes(std::size_t size, std::uint64_t seed) {
  Numbers numbers(seed);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(numbers.next());
  return bytes;
}

/// A table of numbers as text, which compresses well.
inline std::string table_text(std::size_t size, std::uint64_t seed) {
  Numbers numbers(seed);
  std::string text;
  while (text.size() < size)
    text += "site-" + std::to_string(numbers.below(20)) + "," +
            std::to_string(numbers.below(100000)) + "," + std::to_string(numbers.below(1000)) +
            "\n";
  text.resize(size);
  return text;
}

}  // namespace provrun::test
