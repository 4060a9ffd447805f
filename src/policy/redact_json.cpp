#include "provrun/policy/redaction.hpp"
#include "secret_scanner.hpp"
#include "secret_values.hpp"

namespace provrun::policy {

namespace {

/// How the place in the document makes a scalar a secret.
enum class Place { plain, under_secret_name, under_known_name };

}  // namespace

RedactedJson Redactor::redact_json(const codec::Json& document) const {
  struct Walk {
    const Redactor& redactor;
    std::uint64_t count = 0;

    std::string mark(std::string_view value) {
      ++count;
      return redactor.mark_of(value);
    }

    Place place_of(std::string_view name) const {
      if (redactor.tables_->is_known_name(name)) return Place::under_known_name;
      return is_secret_name(name) ? Place::under_secret_name : Place::plain;
    }

    std::string text(const std::string& value) {
      RedactedText redacted = redactor.redact(value);
      count += redacted.count;
      return std::move(redacted.text);
    }

    codec::Json scalar(const codec::Json& value, Place place, NameStrength strength) {
      if (value.is_string()) {
        const std::string& string = value.as_string();
        const bool secret = place == Place::under_known_name ? !is_placeholder(string)
                                                             : is_secret_string(string, strength);
        return secret ? mark(string) : text(string);
      }
      const bool hidden = place == Place::under_known_name || strength == NameStrength::strong;
      if (value.is_number() && hidden) return mark(value.dump());
      return value;
    }

    codec::Json any(const codec::Json& value, Place place, NameStrength strength) {
      if (value.is_object()) return object(value);
      if (value.is_array()) return array(value, place, strength);
      return scalar(value, place, strength);
    }

    codec::Json object(const codec::Json& value) {
      codec::Json::Object members;
      // {"name": "API_TOKEN", "value": "…"}, as environments are often written.
      const std::string named = value.get_string("name");
      const Place named_place = named.empty() ? Place::plain : place_of(named);
      for (const auto& [name, member] : value.as_object()) {
        const bool is_value = name == "value" && named_place != Place::plain;
        const std::string_view decisive = is_value ? std::string_view(named) : name;
        codec::Json redacted = any(member, place_of(decisive), strength_of_name(decisive));
        members.emplace_back(text(name), std::move(redacted));
      }
      return codec::Json(std::move(members));
    }

    static bool takes_user(std::string_view words) {
      return words.ends_with(" -u ") || words.ends_with(" -U ") || words.ends_with("user ");
    }

    // The element read as the next word of the command.
    std::string after_user_option(const std::string& words, const std::string& word) {
      const auto whole = redactor.redact(words + word);
      const auto colon = word.find(':');
      const bool hidden = whole.count > redactor.redact(words).count && colon != std::string::npos;
      return hidden ? word.substr(0, colon + 1) + mark(word.substr(colon + 1)) : text(word);
    }

    codec::Json array(const codec::Json& value, Place place, NameStrength strength) {
      codec::Json::Array elements;
      const std::string* flag = nullptr;
      std::string words;  // as in a command line, for options that only some programs have
      for (const codec::Json& element : value.as_array()) {
        if (element.is_string() && takes_user(words)) {
          elements.push_back(after_user_option(words, element.as_string()));
          words += " x";
          flag = nullptr;
          continue;
        }
        if (element.is_string() && words.size() < 200) words += element.as_string() + " ";
        if (flag != nullptr && element.is_string()) {
          const std::string_view name = std::string_view(*flag).substr(2);
          elements.push_back(scalar(element, place_of(name), strength_of_name(name)));
        } else {
          elements.push_back(any(element, place, strength));
        }
        const bool is_flag = element.is_string() && element.as_string().substr(0, 2) == "--" &&
                             element.as_string().find('=') == std::string::npos;
        flag = is_flag && flag == nullptr ? &element.as_string() : nullptr;
      }
      return codec::Json(std::move(elements));
    }
  };
  Walk walk{*this};
  RedactedJson result;
  result.json = walk.any(document, Place::plain, NameStrength::none);
  result.count = walk.count;
  return result;
}

}  // namespace provrun::policy
