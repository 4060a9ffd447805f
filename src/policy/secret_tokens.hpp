#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "secret_values.hpp"

// Tokens with a fixed beginning, as their issuers document them. Internal to room policy.
namespace provrun::policy {

enum class TokenBody { alnum, word, upper_digits, hex };

struct Token {
  std::string_view prefix;
  TokenBody body;
  std::size_t least;  ///< characters after the prefix
  std::size_t most;
  bool mixed;  ///< must have upper case, lower case and digits, and a random run
  /// In the content of a file a hit costs more than in a log line: this many characters are asked
  /// for there. 0: not looked for.
  std::size_t least_in_files;
  std::string_view what;
};

inline constexpr std::array kTokens{
    Token{"AKIA", TokenBody::upper_digits, 16, 16, false, 16, "an AWS access key"},  // long-term
    Token{"ASIA", TokenBody::upper_digits, 16, 16, false, 16, "an AWS access key"},  // temporary
    Token{"ghp_", TokenBody::alnum, 36, 255, false, 36, "a GitHub token"},           // personal
    Token{"gho_", TokenBody::alnum, 36, 255, false, 36, "a GitHub token"},           // OAuth
    Token{"ghu_", TokenBody::alnum, 36, 255, false, 36, "a GitHub token"},  // user to server
    Token{"ghs_", TokenBody::alnum, 36, 255, false, 36, "a GitHub token"},  // server to server
    Token{"ghr_", TokenBody::alnum, 36, 255, false, 36, "a GitHub token"},  // refresh
    Token{"github_pat_", TokenBody::word, 22, 255, false, 22, "a GitHub token"},  // fine-grained
    Token{"glpat-", TokenBody::word, 20, 255, false, 20, "a GitLab token"},  // personal, group …
    Token{"gldt-", TokenBody::word, 20, 255, false, 20, "a GitLab token"},   // deploy
    Token{"glrt-", TokenBody::word, 20, 255, false, 20, "a GitLab token"},   // runner
    Token{"glptt-", TokenBody::word, 20, 255, false, 20, "a GitLab token"},  // trigger
    Token{"glcbt-", TokenBody::word, 20, 255, false, 20, "a GitLab token"},  // CI job
    Token{"xoxb-", TokenBody::word, 10, 255, false, 24, "a Slack token"},    // bot
    Token{"xoxp-", TokenBody::word, 10, 255, false, 24, "a Slack token"},    // user
    Token{"xoxa-", TokenBody::word, 10, 255, false, 24, "a Slack token"},    // app
    Token{"xoxr-", TokenBody::word, 10, 255, false, 24, "a Slack token"},    // refresh
    Token{"xoxs-", TokenBody::word, 10, 255, false, 24, "a Slack token"},    // session
    Token{"xapp-", TokenBody::word, 20, 255, false, 24, "a Slack token"},    // app level
    Token{"npm_", TokenBody::alnum, 36, 255, false, 36, "an npm token"},
    Token{"pypi-", TokenBody::word, 50, 1024, true, 50, "a PyPI token"},
    Token{"hf_", TokenBody::alnum, 30, 64, false, 30, "a Hugging Face token"},
    Token{"sk-", TokenBody::word, 20, 255, true, 32, "an API key"},  // OpenAI, Anthropic
    Token{"sk_live_", TokenBody::alnum, 16, 255, false, 24, "a Stripe key"},
    Token{"sk_test_", TokenBody::alnum, 16, 255, false, 0, "a Stripe key"},  // stands in tutorials
    Token{"rk_live_", TokenBody::alnum, 16, 255, false, 24, "a Stripe key"},
    Token{"AIza", TokenBody::word, 35, 35, false, 35, "a Google API key"},
    Token{"ya29.", TokenBody::word, 30, 2048, false, 30, "a Google OAuth token"},
    Token{"dop_v1_", TokenBody::hex, 64, 64, false, 64, "a DigitalOcean token"},
    Token{"dckr_pat_", TokenBody::word, 20, 255, false, 20, "a Docker Hub token"},
    Token{"shpat_", TokenBody::hex, 32, 32, false, 32, "a Shopify token"},
    Token{"hvs.", TokenBody::word, 24, 255, false, 24, "a Vault token"},
};

inline bool is_word(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}

/// Where the run of a token's characters from `at` ends.
inline std::size_t end_of_token(std::string_view text, std::size_t at, std::size_t stop,
                                TokenBody body) {
  const auto belongs = [body](char c) {
    switch (body) {
      case TokenBody::alnum:
        return is_alnum(c);
      case TokenBody::word:
        return is_word(c);
      case TokenBody::upper_digits:
        return is_upper(c) || (c >= '2' && c <= '7');
      case TokenBody::hex:
        return is_digit(c) || (c >= 'a' && c <= 'f');
    }
    return false;
  };
  while (at < stop && belongs(text[at])) ++at;
  return at;
}

/// What a token's body is made of.
struct TokenMix {
  bool lower = false, upper = false, digit = false;
  std::size_t longest = 0;   ///< run of letters and digits
  std::size_t distinct = 0;  ///< characters
};

inline TokenMix mix_of(std::string_view body) {
  TokenMix mix;
  std::array<bool, 256> seen{};
  std::size_t run = 0;
  for (const char c : body) {
    mix.lower |= is_lower(c);
    mix.upper |= is_upper(c);
    mix.digit |= is_digit(c);
    run = is_alnum(c) ? run + 1 : 0;
    mix.longest = std::max(mix.longest, run);
    auto& known = seen[static_cast<unsigned char>(c)];
    mix.distinct += known ? 0 : 1;
    known = true;
  }
  return mix;
}

/// A random run inside of the body tells a key from a long name such as "sk-estimator-Doc-link2".
inline bool is_mixed(std::string_view body) {
  const auto mix = mix_of(body);
  return mix.lower && mix.upper && mix.digit && mix.longest >= 12;
}

}  // namespace provrun::policy
