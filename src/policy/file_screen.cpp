#include "provrun/policy/file_screen.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "fingerprints.hpp"
#include "provrun/codec/zstd.hpp"
#include "secret_tokens.hpp"

namespace provrun::policy {

namespace {

// More than any shape needs to be seen in: a token that begins before this from the end of a piece
// lies in it whole.
constexpr std::size_t kShapeOverlap = 16U << 10;

// What a token may not go on with, or begin behind.
bool is_inside(char c) {
  return is_word(c) || c == '.';
}

/// Bytes with what is known of their surroundings.
struct Piece {
  std::string_view bytes;
  bool ends;
  /// Whether nothing that would belong to the match may follow: at the end of a piece that is not
  /// the file's the next piece decides.
  bool closed(std::size_t at) const { return at < bytes.size() || ends; }
};

bool is_token_in_file(const Piece& piece, std::size_t at, const Token& token) {
  const auto& text = piece.bytes;
  if (token.least_in_files == 0 || text.substr(at, token.prefix.size()) != token.prefix)
    return false;
  const auto begin = at + token.prefix.size();
  const auto end = end_of_token(text, begin, std::min(text.size(), begin + token.most), token.body);
  if (end - begin < token.least_in_files || !piece.closed(end)) return false;
  // The text around base64 of the kind for URLs has no limits inside; a sentence may end here.
  if (end < text.size() && is_word(text[end])) return false;
  const auto body = text.substr(begin, end - begin);
  const auto mix = mix_of(body);
  if (token.mixed && !is_mixed(body)) return false;
  // "xxxxxxxx", a name in lower case, a peptide in capitals.
  if (mix.distinct < 8 || mix.lower + mix.upper + mix.digit < 2) return false;
  if (token.prefix == "hvs.") return is_mixed(body);
  if (token.prefix == "hf_") return body.size() == 34;
  if (token.prefix == "sk-")  // three letters stand before anything: their issuers have more
    return body.starts_with("ant-") || body.starts_with("proj-") || body.starts_with("svcacct-") ||
           body.starts_with("admin-") || body.starts_with("or-v1-") ||
           body.find("T3BlbkFJ") != std::string_view::npos;
  if (token.prefix[0] == 'x') return is_digit(body[0]);
  return !body.ends_with("EXAMPLE");  // as AWS writes in its manuals
}

bool is_jwt(const Piece& piece, std::size_t at) {
  const auto& text = piece.bytes;
  if (text.substr(at, 3) != "eyJ") return false;
  const auto part = [&](std::size_t from, std::size_t most) {
    auto end = from;
    while (end < text.size() && end - from < most && is_word(text[end])) ++end;
    return end;
  };
  const auto header = part(at, 2048);
  if (header - at < 16 || header >= text.size() || text[header] != '.') return false;
  const auto payload = part(header + 1, 8192);
  if (payload - header < 9 || payload >= text.size() || text[payload] != '.') return false;
  if (part(payload + 1, 64) - payload < 17) return false;
  auto standard = std::string(text.substr(at, header - at));
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.resize(standard.size() / 4 * 4);  // its end does not matter
  return codec::from_base64(standard).find("\"alg\"") != std::string::npos;
}

// A block with a body: a program that only knows the head is none.
bool is_private_key(const Piece& piece, std::size_t at) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  const auto& text = piece.bytes;
  if (text.substr(at, kBegin.size()) != kBegin) return false;
  const auto head = text.substr(at + kBegin.size(), 64);
  const auto label = head.find("PRIVATE KEY");
  const auto dashes = head.find("-----");
  if (label == std::string_view::npos || dashes == std::string_view::npos || dashes < label)
    return false;
  std::size_t run = 0;
  for (const char c : text.substr(at + kBegin.size() + dashes + 5, 1024)) {
    run = is_alnum(c) || c == '+' || c == '/' ? run + 1 : 0;
    if (run == 40) return true;
  }
  return false;
}

std::optional<std::string_view> shape_at(const Piece& piece, std::size_t at) {
  const char first = piece.bytes[at];
  if (first == 'e' && is_jwt(piece, at)) return "a signed web token";
  for (const auto& token : kTokens)
    if (token.prefix[0] == first && is_token_in_file(piece, at, token)) return token.what;
  return std::nullopt;
}

constexpr auto kPasswordBytes = [] {
  std::array<bool, 256> bytes{};
  for (int c = 0; c < 256; ++c) bytes[static_cast<std::size_t>(c)] = is_alnum(static_cast<char>(c));
  for (const char c :
       {'-', '.', '_', '~', '%', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=', '^', '#'})
    bytes[static_cast<unsigned char>(c)] = true;
  return bytes;
}();

bool is_password_char(char c) {
  return kPasswordBytes[static_cast<unsigned char>(c)];
}

// scheme://user:password@host, where the password has letters and digits.
bool is_url_with_password(const Piece& piece, std::size_t sign_at) {
  const auto& text = piece.bytes;
  constexpr std::size_t kFar = 256;
  if (sign_at + 1 >= text.size() || !is_alnum(text[sign_at + 1])) return false;
  const auto back = [&](std::size_t from, const auto& belongs) {
    auto at = from;
    while (at > 0 && from - at < kFar && belongs(text[at - 1])) --at;
    return at;
  };
  const auto password = back(sign_at, is_password_char);
  if (sign_at - password < 8 || password == 0 || text[password - 1] != ':') return false;
  const auto user = back(password - 1, is_password_char);
  if (user == password - 1 || user < 6 || text.substr(user - 3, 3) != "://") return false;
  if (user - 3 - back(user - 3, is_letter) < 3) return false;
  const auto value = text.substr(password, sign_at - password);
  const auto mix = mix_of(value);
  return (mix.lower || mix.upper) && mix.digit && mix.distinct >= 6 && !is_placeholder(value);
}

std::optional<std::string_view> find_token(const Piece& piece, bool begins) {
  const auto& text = piece.bytes;
  for (auto at = find_fingerprint(text, 0); at != std::string_view::npos;
       at = find_fingerprint(text, at + 1)) {
    if (text[at] == '-') {
      if (at >= 4 && is_private_key(piece, at - 4)) return "a private key";
      continue;
    }
    // "\\ntoken" is one behind the end of a line in a JSON text.
    const bool starts =
        at == 0 ? begins : !is_inside(text[at - 1]) || (at > 1 && text[at - 2] == '\\');
    if (!starts) continue;
    if (const auto found = shape_at(piece, at)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> find_issued_secret(std::string_view bytes, bool begins, bool ends) {
  const Piece piece{bytes, ends};
  if (const auto found = find_token(piece, begins)) return found;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto* sign = std::memchr(bytes.data() + at, '@', bytes.size() - at);
    if (sign == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(sign) - bytes.data());
    if (is_url_with_password(piece, at)) return "a URL with a password";
  }
  return std::nullopt;
}

std::optional<FoundSecret> FileScreen::find(std::string_view bytes, For what, bool begins,
                                            bool ends) const {
  if (const auto name = known_.find(bytes, begins, ends))
    return FoundSecret{"the secret " + *name, true};
  if (what == For::declared) return std::nullopt;
  if (const auto shape = find_issued_secret(bytes, begins, ends))
    return FoundSecret{std::string(*shape), false};
  return std::nullopt;
}

std::size_t FileScreen::overlap() const {
  return std::max(known_.overlap(), kShapeOverlap);
}

}  // namespace provrun::policy
