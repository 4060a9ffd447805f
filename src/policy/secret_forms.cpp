#include "secret_forms.hpp"

#include <algorithm>

#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/codec/zstd.hpp"
#include "secret_values.hpp"

namespace provrun::policy {

namespace {

/// Fewer base64 characters than this would be found in other base64 by chance.
constexpr std::size_t kShortestBase64 = 8;
constexpr std::size_t kShortestLine = 8;
/// Fewer bytes than this would be found in other hexadecimal text by chance.
constexpr std::size_t kShortestHex = 6;

class Forms {
 public:
  void add(SecretForm form) {
    if (form.text.size() < kShortestKnown) return;
    const bool known = std::any_of(forms_.begin(), forms_.end(), [&](const SecretForm& other) {
      return other.text == form.text;
    });
    if (!known) forms_.push_back(std::move(form));
  }
  void add(std::string text) {
    const bool whole_word =
        text.size() < kShortestInsideWords && std::all_of(text.begin(), text.end(), is_alnum);
    add(SecretForm{std::move(text), whole_word});
  }
  std::vector<SecretForm> take() { return std::move(forms_); }

 private:
  std::vector<SecretForm> forms_;
};

std::string percent_encoded(std::string_view value, std::string_view safe, bool upper, bool plus) {
  const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (char c : value) {
    if (is_alnum(c) || safe.find(c) != std::string_view::npos) {
      out += c;
    } else if (plus && c == ' ') {
      out += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

void add_hex(Forms& forms, std::string_view value) {
  if (value.size() < kShortestHex) return;
  for (const std::string_view digits : {"0123456789abcdef", "0123456789ABCDEF"}) {
    std::string text;
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      text += digits[byte >> 4];
      text += digits[byte & 15];
    }
    forms.add(SecretForm{std::move(text)});
  }
}

std::string url_safe(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

void add_base64(Forms& forms, std::string_view value) {
  const std::string whole = codec::to_base64(value);
  if (whole.size() >= kShortestBase64) {
    forms.add(SecretForm{whole});
    forms.add(SecretForm{url_safe(whole)});
  }
  // Inside of a longer base64 text the value starts at one of three bit offsets; only characters
  // all of whose six bits come from the value are the same in every such text.
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string padded = std::string(before, '\0') + std::string(value);
    const std::string encoded = codec::to_base64(padded);
    const std::size_t first = (before * 8 + 5) / 6;
    const std::size_t last = padded.size() * 8 / 6;
    if (last < first + kShortestBase64) continue;
    SecretForm form;
    form.text = encoded.substr(first, last - first);
    form.left_partial = before == 0 ? 0 : 1;
    form.right_partial = padded.size() * 8 % 6 == 0 ? 0 : 1;
    SecretForm safe = form;
    safe.text = url_safe(safe.text);
    forms.add(std::move(form));
    forms.add(std::move(safe));
  }
}

void add_encodings(Forms& forms, const std::string& value) {
  forms.add(value);
  for (bool upper : {true, false})
    for (bool plus : {false, true})
      // RFC 3986's unreserved set; that of JavaScript's encodeURIComponent; that of Python's quote.
      for (std::string_view safe : {"-._~", "-._~!*'()", "-._~/"})
        forms.add(percent_encoded(value, safe, upper, plus));
  std::string escaped;
  codec::append_json_string(escaped, value);
  forms.add(escaped.substr(1, escaped.size() - 2));
  const std::string quoted = base::shell_quote(value);
  if (quoted.size() >= 2 && quoted.front() == '\'') forms.add(quoted.substr(1, quoted.size() - 2));
  add_base64(forms, value);
  add_hex(forms, value);
}

}  // namespace

std::vector<SecretForm> forms_of_secret(std::string_view value) {
  Forms forms;
  if (value.size() < kShortestKnown) return {};
  add_encodings(forms, std::string(value));
  const std::string_view trimmed = base::trim(value);
  if (trimmed.size() >= kShortestKnown && trimmed != value)
    add_encodings(forms, std::string(trimmed));
  if (trimmed.find('\n') != std::string_view::npos) {
    for (std::string_view line : base::split(trimmed, '\n')) {
      line = base::trim(line);
      // The frame of a PEM block is no secret and stands around others too.
      if (line.size() >= kShortestLine && line.substr(0, 5) != "-----")
        forms.add(std::string(line));
    }
  }
  return forms.take();
}

}  // namespace provrun::policy
