#pragma once

#include <string>
#include <string_view>
#include <vector>

// The texts in which a known secret value may appear. Internal to room policy.
namespace provrun::policy {

/// Values shorter than this are too common to be replaced wherever they stand.
inline constexpr std::size_t kShortestKnown = 4;
/// Below this a value of letters and digits alone must stand as a word of its own: "beef" would
/// otherwise break digests.
inline constexpr std::size_t kShortestInsideWords = 8;

struct SecretForm {
  std::string text;
  bool whole_word = false;
  /// Base64 characters beside the text that carry some of the secret's bits.
  int left_partial = 0;
  int right_partial = 0;
};

/// The plain value (with and without blanks around it), percent-encoded, JSON-escaped, shell-quoted
/// hexadecimal and base64 forms; of a value with several lines also each line of at least 8 bytes.
/// No duplicates; empty when the value is too short.
std::vector<SecretForm> forms_of_secret(std::string_view value);

}  // namespace provrun::policy
