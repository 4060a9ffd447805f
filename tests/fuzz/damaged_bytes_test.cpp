// Every parser of foreign bytes over what it accepts and a fixed series of damaged copies of it.
// The fuzzer looks longer and finds more: tests/fuzz/parser_fuzz.cpp.
#include <random>

#include "fuzz/target.hpp"
#include "support/catch.hpp"

using provrun::fuzz::all_targets;

TEST_CASE("what the fuzzer has found is refused") {
  const std::string digits(64, 'a');
  const std::vector<std::pair<std::string_view, std::string>> found{
      {"segment", "d\n"},
      {"segment", digits + "\t\t0\t1\t1\td\n"},
      {"list", "1\n"},
      {"pack", "#provrun-pack 1 " + digits.substr(32) + " x\nd\n"}};
  for (const auto& target : all_targets())
    for (const auto& [name, bytes] : found)
      if (name == target.name) target.feed(bytes);
  SUCCEED();
}

TEST_CASE("damaged bytes never do worse than be refused") {
  const std::string signs = "{}[]:,\"\\-+.0179eE \t\n\r/afx\xff\x80#!%=~";
  for (const auto& target : all_targets()) {
    REQUIRE_FALSE(target.seeds.empty());
    std::mt19937 random(20'26);
    const auto below = [&](std::size_t limit) {
      return static_cast<std::size_t>(random() % limit);
    };
    for (const auto& seed : target.seeds) {
      INFO(target.name);
      target.feed(seed);
      target.feed("");
      const auto step = seed.size() / 2000 + 1;
      for (std::size_t n = 0; n < seed.size(); n += step) target.feed(seed.substr(0, n));
      for (int round = 0; round < 1500; ++round) {
        auto damaged = seed;
        for (std::size_t edits = 1 + below(3); edits > 0 && !damaged.empty(); --edits) {
          const auto at = below(damaged.size());
          switch (below(6)) {
            case 0:
              damaged[at] = signs[below(signs.size())];
              break;
            case 1:
              damaged[at] =
                  static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << below(8)));
              break;
            case 2:
              damaged.erase(at, 1 + below(8));
              break;
            case 3:
              damaged.insert(at, 1, signs[below(signs.size())]);
              break;
            case 4:
              damaged.insert(at, seed, below(seed.size()), below(40));
              break;
            default:
              damaged.replace(at, std::min<std::size_t>(4, damaged.size() - at), "\xff\xff\xff\x7f",
                              4);
          }
        }
        target.feed(damaged);
      }
    }
  }
  SUCCEED();
}
