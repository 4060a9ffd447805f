#include "provrun/policy/certain_secret.hpp"

#include <algorithm>
#include <array>

#include "secret_forms.hpp"
#include "secret_patterns.hpp"

namespace provrun::policy {

namespace {

// A value of a few letters alone stands in many files without being the secret.
bool is_common_word(std::string_view value) {
  return value.size() < kShortestInsideWords && std::all_of(value.begin(), value.end(), is_letter);
}

std::optional<std::size_t> find_known(std::span<const Secret> known, std::string_view text) {
  std::optional<std::size_t> first;
  for (const auto& secret : known) {
    if (is_placeholder(secret.value) || is_common_word(secret.value)) continue;
    for (const auto& form : forms_of_secret(secret.value))
      for (auto at = text.find(form.text); at != std::string_view::npos;
           at = text.find(form.text, at + 1)) {
        const auto end = at + form.text.size();
        const bool word =
            (at == 0 || !is_alnum(text[at - 1])) && (end == text.size() || !is_alnum(text[end]));
        if (form.whole_word && !word) continue;
        if (!first || at < *first) first = at;
        break;
      }
  }
  return first;
}

std::optional<std::size_t> find_shape(std::string_view text) {
  std::array<std::vector<const Pattern*>, 256> by_byte;  // of the anchor's second, lower case
  for (const auto& pattern : secret_patterns())
    if (pattern.certain) by_byte[static_cast<unsigned char>(pattern.anchor[1])].push_back(&pattern);
  for (std::size_t at = 0; at + 3 <= text.size(); ++at)
    for (const auto* pattern : by_byte[static_cast<unsigned char>(to_lower(text[at + 1]))])
      if (to_lower(text[at]) == pattern->anchor[0] && to_lower(text[at + 2]) == pattern->anchor[2])
        if (const auto range = pattern->match(text, at)) return range->begin;
  return std::nullopt;
}

}  // namespace

KnownSecrets::KnownSecrets(std::span<const Secret> known) {
  for (const auto& secret : known) {
    if (is_placeholder(secret.value) || is_common_word(secret.value)) continue;
    for (auto& form : forms_of_secret(secret.value)) {
      overlap_ = std::max(overlap_, form.text.size() + 1);  // and a letter that ends no word
      forms_.emplace_back(std::move(form), secret.name);
    }
  }
}
KnownSecrets::~KnownSecrets() = default;
KnownSecrets::KnownSecrets(KnownSecrets&&) noexcept = default;
KnownSecrets& KnownSecrets::operator=(KnownSecrets&&) noexcept = default;

bool KnownSecrets::empty() const {
  return forms_.empty();
}

std::optional<std::string> KnownSecrets::find(std::string_view bytes, bool begins,
                                              bool ends) const {
  for (const auto& [form, name] : forms_)
    for (auto at = bytes.find(form.text); at != std::string_view::npos;
         at = bytes.find(form.text, at + 1)) {
      const auto end = at + form.text.size();
      // At the edge of a piece the neighbouring one has what stands beside it, and finds it.
      const bool word = (at == 0 ? begins : !is_alnum(bytes[at - 1])) &&
                        (end == bytes.size() ? ends : !is_alnum(bytes[end]));
      if (!form.whole_word || word) return name;
    }
  return std::nullopt;
}

std::optional<std::size_t> find_certain_secret(std::span<const Secret> known,
                                               std::string_view text) {
  const auto value = find_known(known, text);
  const auto shape = find_shape(text);
  if (value && shape) return std::min(*value, *shape);
  return value ? value : shape;
}

}  // namespace provrun::policy
