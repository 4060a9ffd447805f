#include "secret_patterns.hpp"

#include <algorithm>
#include <array>

#include "secret_tokens.hpp"

namespace provrun::policy {

namespace {

bool is_base64_body(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=';
}

std::optional<Range> match_token_at(std::string_view text, std::size_t begin, const Token& token) {
  if (text.substr(begin, token.prefix.size()) != token.prefix) return std::nullopt;
  if (begin > 0 && is_alnum(text[begin - 1])) return std::nullopt;
  const std::size_t body = begin + token.prefix.size();
  const std::size_t stop = std::min(text.size(), body + token.most);
  const std::size_t end = end_of_token(text, body, stop, token.body);
  if (end - body < token.least) return std::nullopt;
  if (token.least == token.most && end < text.size() && is_alnum(text[end])) return std::nullopt;
  if (token.mixed && !is_mixed(text.substr(body, end - body))) return std::nullopt;
  return Range{begin, end};
}

/// Tokens whose three-byte anchor stands at the offset.
template <std::size_t kOffset>
std::optional<Range> match_token(std::string_view text, std::size_t at) {
  if (at < kOffset) return std::nullopt;
  for (const Token& token : kTokens)
    if (auto range = match_token_at(text, at - kOffset, token)) return range;
  return std::nullopt;
}

/// The 40 characters of an AWS secret key are told from other base64 only by the id before them.
std::optional<Range> match_aws(std::string_view text, std::size_t at) {
  auto id = match_token<0>(text, at);
  if (!id) return std::nullopt;
  std::size_t next = id->end;
  const std::size_t stop = std::min(text.size(), next + 8);
  while (next < stop &&
         std::string_view(" \t:;,|\"'\r\n").find(text[next]) != std::string_view::npos)
    ++next;
  std::size_t end = next;
  while (end < text.size() && end - next <= 40 && is_base64_body(text[end])) ++end;
  const std::string_view key = text.substr(next, end - next);
  const bool is_key = next > id->end && key.size() == 40 &&
                      std::any_of(key.begin(), key.end(), is_upper) &&
                      std::any_of(key.begin(), key.end(), is_lower);
  if (is_key) id->end = end;
  return id;
}

std::optional<Range> match_jwt(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "eyJ" || (at > 0 && is_word(text[at - 1]))) return std::nullopt;
  const std::size_t stop = std::min(text.size(), at + kLongestMatch);
  std::size_t end = at;
  std::size_t part = at;
  int dots = 0;
  for (; end < stop; ++end) {
    if (is_word(text[end])) continue;
    if (text[end] != '.' || dots == 4) break;
    if (dots < 2 && end - part < 8) return std::nullopt;
    ++dots;
    part = end + 1;
  }
  while (end > at && text[end - 1] == '.') {
    --end;
    --dots;
  }
  if (dots < 1 || (dots == 1 && end - at < 40)) return std::nullopt;
  return Range{at, end};
}

bool is_pem_body(char c) {
  return is_base64_body(c) || is_space(c) ||
         std::string_view(":,-\\#>|\"'.").find(c) != std::string_view::npos;
}

std::optional<Range> match_pem(std::string_view text, std::size_t at) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  if (at < 4 || text.substr(at - 4, kBegin.size()) != kBegin) return std::nullopt;
  const std::size_t begin = at - 4;
  const std::string_view head = text.substr(begin + kBegin.size(), 64);
  const std::size_t label = head.find("PRIVATE KEY");
  const std::size_t dashes = head.find("-----");
  if (label == std::string_view::npos || dashes == std::string_view::npos || dashes < label)
    return std::nullopt;
  std::size_t end = begin + kBegin.size() + dashes + 5;
  const std::size_t body = end;
  const std::string_view rest = text.substr(body, kLongestMatch);
  const std::size_t next = rest.find("-----");
  if (next != std::string_view::npos && rest.substr(next, 9) == "-----END ") {
    const std::size_t close = text.substr(body + next + 9, 64).find("-----");
    if (close != std::string_view::npos) return Range{begin, body + next + 9 + close + 5};
  }
  // No end in sight: a cut or malformed block is a key all the same.
  const std::size_t stop = body + std::min(rest.size(), next);
  while (end < stop && is_pem_body(text[end])) ++end;
  while (end > body && is_space(text[end - 1])) --end;
  if (end - body < 16) return std::nullopt;
  return Range{begin, end};
}

std::optional<Range> match_url(std::string_view text, std::size_t at) {
  if (at == 0 || !is_letter(text[at - 1])) {
    if (at == 0 || !is_alnum(text[at - 1])) return std::nullopt;
  }
  const std::size_t user = at + 3;
  const std::size_t stop = std::min(text.size(), user + 1024);
  std::size_t colon = std::string_view::npos;
  std::size_t sign = std::string_view::npos;
  for (std::size_t i = user; i < stop; ++i) {
    const char c = text[i];
    if (is_space(c) || std::string_view("/?#\"'<>`|\\").find(c) != std::string_view::npos) break;
    if (c == ':' && colon == std::string_view::npos && sign == std::string_view::npos) colon = i;
    if (c == '@') sign = i;
  }
  if (sign == std::string_view::npos) return std::nullopt;
  if (colon != std::string_view::npos) {
    const std::string_view password = text.substr(colon + 1, sign - colon - 1);
    if (is_placeholder(password) && password != "password" && password != "secret")
      return std::nullopt;
    return Range{colon + 1, sign};
  }
  const std::string_view name = text.substr(user, sign - user);
  const bool token = name.size() >= 20 && std::any_of(name.begin(), name.end(), is_digit) &&
                     std::any_of(name.begin(), name.end(), is_letter) && !is_placeholder(name);
  return token ? std::optional(Range{user, sign}) : std::nullopt;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && std::equal(lower.begin(), lower.end(), text.begin(),
                                                   [](char a, char b) { return a == to_lower(b); });
}

bool is_credential_char(char c) {
  return is_alnum(c) || std::string_view("._~+/=-:%").find(c) != std::string_view::npos;
}

std::optional<Range> credential_at(std::string_view text, std::size_t at, std::size_t least) {
  const std::size_t stop = std::min(text.size(), at + kLongestMatch);
  std::size_t end = at;
  while (end < stop && is_credential_char(text[end])) ++end;
  const std::string_view value = text.substr(at, end - at);
  if (value.size() < least || is_placeholder(value)) return std::nullopt;
  return Range{at, end};
}

/// `Bearer <token>` without a header name before it must look random.
std::optional<Range> match_bearer(std::string_view text, std::size_t at) {
  if (at < 3 || !starts_with_ignoring_case(text.substr(at - 3), "bearer ")) return std::nullopt;
  if (at > 3 && is_alnum(text[at - 4])) return std::nullopt;
  auto range = credential_at(text, at + 4, 16);
  if (!range) return std::nullopt;
  const std::string_view value = text.substr(range->begin, range->end - range->begin);
  const bool random = std::any_of(value.begin(), value.end(), is_digit) &&
                      std::any_of(value.begin(), value.end(), is_letter);
  return random ? range : std::nullopt;
}

std::optional<Range> match_authorization(std::string_view text, std::size_t at) {
  constexpr std::string_view kName = "authorization";
  if (at < 5 || !starts_with_ignoring_case(text.substr(at - 5), kName)) return std::nullopt;
  std::size_t i = at - 5 + kName.size();
  const auto pass_one_of = [&](std::string_view set, std::size_t most) {
    const std::size_t first = i;
    while (i < text.size() && i - first < most && set.find(text[i]) != std::string_view::npos) ++i;
    return i > first;
  };
  pass_one_of("\\\"'", 2);
  pass_one_of(" \t", 4);
  if (!pass_one_of(":=", 1)) return std::nullopt;
  pass_one_of(" \t", 4);
  pass_one_of("\\\"'", 2);
  for (std::string_view scheme : {"bearer", "basic", "token", "apikey", "negotiate"}) {
    if (!starts_with_ignoring_case(text.substr(i), scheme)) continue;
    i += scheme.size();
    if (!pass_one_of(" \t", 4)) return std::nullopt;
    return credential_at(text, i, 4);
  }
  for (std::string_view scheme : {"digest ", "aws4-hmac-sha256 "}) {
    if (!starts_with_ignoring_case(text.substr(i), scheme)) continue;
    i += scheme.size();
    std::size_t end = i;
    const std::size_t stop = std::min(text.size(), i + kLongestMatch);
    while (end < stop && text[end] != '\n' && text[end] != '\r') ++end;
    if (text.substr(i, 10) == "[redacted:" || end == i) return std::nullopt;
    return Range{i, end};
  }
  // Without a scheme it must look random; judged by its beginning, so that prose made of this one
  // word costs little.
  std::size_t end = i;
  const std::size_t stop = std::min(text.size(), i + 1024);
  while (end < stop && is_credential_char(text[end]) && !is_digit(text[end])) ++end;
  if (end == stop || !is_digit(text[end])) return std::nullopt;
  return credential_at(text, i, 8);
}

/// The password of `curl -u user:password`, `--user user:password`, `--proxy-user …`; with programs
/// that are known to take one there: `docker run -u 1000:1000` names a user and a group.
std::optional<Range> match_user_option(std::string_view text, std::size_t at) {
  std::size_t i = at;
  if (text.substr(at, 3) == "-u " || text.substr(at, 3) == "-U ") {
    if (at > 0 && !is_space(text[at - 1])) return std::nullopt;
    i = at + 3;
  } else {  // "user": at the first of --user, or inside of --proxy-user
    if (at < 1 || text[at - 1] != '-') return std::nullopt;
    i = at + 4;
    if (i > text.size() || (i < text.size() && text[i] != ' ' && text[i] != '='))
      return std::nullopt;
    ++i;
  }
  const std::size_t earliest = at - std::min(at, kLookBehind);
  const auto line = text.substr(earliest, at - earliest);
  const auto begin_of_line = line.rfind('\n');
  const auto before = begin_of_line == std::string_view::npos ? line : line.substr(begin_of_line);
  bool takes_password = false;
  for (const std::string_view program : {"curl", "wget", "http", "https", "lftp", "ab", "xh"})
    for (auto found = before.find(program); found != std::string_view::npos && !takes_password;
         found = before.find(program, found + 1)) {
      const auto end = found + program.size();
      const bool begins = found == 0 || !is_alnum(before[found - 1]);
      const bool ends = end < before.size() &&
                        (is_space(before[end]) || before[end] == '\'' || before[end] == '"');
      takes_password = begins && ends;
    }
  if (!takes_password) return std::nullopt;
  while (i < text.size() && is_blank(text[i])) ++i;
  while (i < text.size() && (text[i] == '\'' || text[i] == '"' || text[i] == '\\')) ++i;
  const std::size_t stop = std::min(text.size(), i + 1024);
  std::size_t colon = std::string_view::npos;
  std::size_t end = i;
  for (; end < stop; ++end) {
    const char c = text[end];
    if (is_space(c) || c == '\'' || c == '"') break;
    if (c == ':' && colon == std::string_view::npos) colon = end;
  }
  while (end > i && text[end - 1] == '\\') --end;
  if (colon == std::string_view::npos || colon + 1 >= end) return std::nullopt;
  const auto password = text.substr(colon + 1, end - colon - 1);
  if (is_placeholder(password) && password != "password" && password != "secret")
    return std::nullopt;
  return Range{colon + 1, end};
}

/// "token" and its like: the anchor lies inside of the name.
std::optional<Range> match_name(std::string_view text, std::size_t at) {
  return match_assignment(text, at);
}

constexpr std::array kPatterns{
    Pattern{"aki", match_aws, true},      Pattern{"asi", match_aws, true},
    Pattern{"hp_", match_token<1>, true}, Pattern{"ho_", match_token<1>, true},
    Pattern{"hu_", match_token<1>, true}, Pattern{"hs_", match_token<1>, true},
    Pattern{"hr_", match_token<1>, true}, Pattern{"b_p", match_token<5>, true},
    Pattern{"lpa", match_token<1>, true}, Pattern{"dt-", match_token<2>, true},
    Pattern{"rt-", match_token<2>, true}, Pattern{"tt-", match_token<3>, true},
    Pattern{"bt-", match_token<3>, true}, Pattern{"xox", match_token<0>, true},
    Pattern{"xap", match_token<0>, true}, Pattern{"pm_", match_token<1>, true},
    Pattern{"pyp", match_token<0>, true}, Pattern{"hf_", match_token<0>, true},
    Pattern{"sk-", match_token<0>, true}, Pattern{"sk_", match_token<0>, true},
    Pattern{"rk_", match_token<0>, true}, Pattern{"aiz", match_token<0>, true},
    Pattern{"ya2", match_token<0>, true}, Pattern{"op_", match_token<1>, true},
    Pattern{"kr_", match_token<2>, true}, Pattern{"hpa", match_token<1>, true},
    Pattern{"hvs", match_token<0>, true}, Pattern{"eyj", match_jwt, true},
    Pattern{"-be", match_pem, true},      Pattern{"://", match_url, true},
    Pattern{"-u ", match_user_option},    Pattern{"use", match_user_option},
    Pattern{"rer", match_bearer},         Pattern{"riz", match_authorization},
    Pattern{"ssw", match_name},                                        // password, passwd
    Pattern{"sph", match_name},                                        // passphrase
    Pattern{"ecr", match_name},                                        // secret
    Pattern{"oke", match_name},                                        // token
    Pattern{"ede", match_name},                                        // credential
    Pattern{"pik", match_name},                                        // apikey
    Pattern{"i_k", match_name},                                        // api_key
    Pattern{"i-k", match_name},           Pattern{"s_k", match_name},  // access_key
    Pattern{"s-k", match_name},           Pattern{"ssk", match_name},
    Pattern{"e_k", match_name},  // private_key
    Pattern{"e-k", match_name},           Pattern{"tek", match_name},
};

}  // namespace

std::span<const Pattern> secret_patterns() {
  return kPatterns;
}

}  // namespace provrun::policy
