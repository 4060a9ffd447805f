#include "../../../src/policy/fingerprints.hpp"

#include <random>

#include "support/catch.hpp"

using namespace provrun;

TEST_CASE("a fingerprint is found at every place, by thirty-two bytes at a time as one by one") {
  std::mt19937 random(3);
  for (std::size_t size : {0U, 2U, 3U, 34U, 35U, 36U, 67U, 200U})
    for (const std::string_view mark : {"ghp", "-BE", "eyJ", "sk_", "hvs"})
      for (std::size_t at = 0; at + 3 <= size; ++at) {
        std::string text(size, ' ');
        for (auto& c : text) c = "abcLM012 \n\xff"[random() % 11];
        CHECK(policy::find_fingerprint(text, 0) == std::string::npos);
        text.replace(at, 3, mark);
        CHECK(policy::find_fingerprint(text, 0) == at);
        CHECK(policy::find_fingerprint(text, at) == at);
        CHECK(policy::find_fingerprint(text, at + 1) == std::string::npos);
      }
}
