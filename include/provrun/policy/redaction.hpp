#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provrun/codec/json.hpp"

// Keeps secrets out of records, logs, messages and diffs. See docs/design/redaction.md.
namespace provrun::policy {

/// A value that is known to be secret, with the name it is known by (a variable of `env.secrets`).
struct Secret {
  std::string name;
  std::string value;
};

struct RedactedText {
  std::string text;
  std::uint64_t count = 0;  ///< how many places were replaced
};

struct RedactedJson {
  codec::Json json;
  std::uint64_t count = 0;
};

/// Replaces every secret by "[redacted:" + the first 12 hexadecimal digits of
/// HMAC-SHA-256(key, secret) + "]": equal secrets stay recognisably equal, changed ones differ, and
/// without the key nobody can try guesses against the mark.
///
/// A secret is (a) a known value of at least 4 bytes, also in its percent-encoded, base64
/// (standard, URL-safe, and inside of a longer base64 text), JSON-escaped and shell-quoted form,
/// all with the mark of the plain value; of a multi-line value also each line of at least 8 bytes;
/// (b) what looks like one: tokens with a known prefix (AWS, GitHub, GitLab, Slack, npm, PyPI,
/// Hugging Face, OpenAI, Anthropic, Google, Stripe …), JWTs, PEM private keys, the password of a
/// URL, Authorization headers, and the value given to a name like *PASSWORD*, *SECRET*, *TOKEN*,
/// *API_KEY*, *CREDENTIAL*
/// (`NAME=v`, `name: v`, `"name": "v"`, `--name v`); (c) any value, however short, given to the
/// name of a known secret. Plain digests, UUIDs, commit ids and base64 data are not secrets. A
/// pattern's match is cut at 32 KiB. Redacting twice changes nothing more. Immutable: safe from any
/// thread.
class Redactor {
 public:
  /// The key should be 32 random bytes kept beside the repository, the same for every run.
  Redactor(std::vector<Secret> known_secrets, std::vector<std::uint8_t> key);
  ~Redactor();
  Redactor(Redactor&&) noexcept;
  Redactor& operator=(Redactor&&) noexcept;

  RedactedText redact(std::string_view text) const;
  /// Strings are redacted as text, member names too; a scalar under a member with a name like
  /// "password" or "api_token" and the array element after a flag like "--password" as a whole.
  RedactedJson redact_json(const codec::Json& json) const;
  /// The mark that stands for the value: "[redacted:0123456789ab]".
  std::string mark_of(std::string_view value) const;

  class Stream;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

/// Redacts a text that comes in pieces, in bounded memory: the result is that of redact() on the
/// whole, wherever the pieces are cut. Holds back up to 64 KiB, or twice the longest known secret's
/// longest form, until finish(). One thread at a time; the Redactor must outlive it.
class Redactor::Stream {
 public:
  using Write = std::function<void(std::string_view)>;
  Stream(const Redactor& redactor, Write write);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  /// Adds a piece; calls write for what is decided. What write throws is passed on.
  void write(std::string_view piece);
  /// Writes the rest. The stream then starts a new text.
  void finish();
  /// Places replaced so far.
  std::uint64_t count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// True for names like "DB_PASSWORD", "apiToken", "client-secret"; false for "tokenizer",
/// "max_tokens", "PASSWORD_FILE", "secret_name".
bool is_secret_name(std::string_view name);

/// The URL of a git remote or server without user information (kept for ssh when it is a user name
/// alone: "ssh://git@host/x", "git@host:x"), query and fragment. Other text is returned unchanged.
std::string url_without_credentials(std::string_view url);

}  // namespace provrun::policy
