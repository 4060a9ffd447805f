#include "provrun/compare/compare.hpp"

#include <algorithm>
#include <charconv>

#include "differences.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::compare {

namespace {

bool ends_with(std::string_view path, std::string_view suffix) {
  return path.size() > suffix.size() && path.ends_with(suffix);
}

bool is_text(std::string_view bytes) {
  return bytes.substr(0, 4096).find('\0') == std::string_view::npos;
}

// Falls back to bytes where the files are not what the method reads.
template <typename Method>
Comparison or_bytes(std::string_view before, std::string_view after, const Method& method) {
  try {
    return method();
  } catch (const base::Error& error) {
    auto comparison = compare_bytes(before, after);
    comparison.method = "bytes (" + error.message() + ")";
    return comparison;
  }
}

}  // namespace

bool parse_number(std::string_view text, double& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string tolerance_text(Tolerance tolerance) {
  if (tolerance.relative == 0 && tolerance.absolute == 0) return "";
  std::string text = ", numbers within ";
  if (tolerance.relative != 0) text += base::format("{:g} of their size", tolerance.relative);
  if (tolerance.absolute != 0)
    text += base::format("{}{:g}", tolerance.relative != 0 ? " or " : "", tolerance.absolute);
  return text;
}

Comparison compare_bytes(std::string_view before, std::string_view after) {
  Differences differences;
  if (before == after) return std::move(differences).finish("bytes");
  const auto [a, b] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const auto at = static_cast<std::size_t>(a - before.begin());
  if (!is_text(before) || !is_text(after)) {
    const auto byte = [at](std::string_view text) {
      return at < text.size() ? base::format("0x{:02x}", static_cast<unsigned char>(text[at]))
                              : std::string("(end)");
    };
    differences.add(base::format("byte {}", at), byte(before), byte(after));
    return std::move(differences).finish("bytes");
  }
  const auto line_begin = at == 0 ? 0 : before.rfind('\n', at - 1) + 1;  // npos + 1 is 0
  const auto line = 1 + std::count(before.begin(), a, '\n');
  const auto line_of = [&](std::string_view text) {
    return text.substr(line_begin, text.find('\n', at) - line_begin);
  };
  differences.add(base::format("line {}", line), line_of(before), line_of(after));
  return std::move(differences).finish("bytes");
}

Comparison compare_by_format(std::string_view path, std::string_view before, std::string_view after,
                             int depth) {
  const auto both = [&](std::string_view magic) {
    return before.starts_with(magic) && after.starts_with(magic);
  };
  return or_bytes(before, after, [&]() -> Comparison {
    if (before == after) return {true, "bytes", {}, 0};
    if (depth > 0 && both("\x1f\x8b")) return compare_gzip(path, before, after, depth);
    if (depth > 0 && both("PK\x03\x04")) return compare_zip(before, after, depth);
    if (both("\x89PNG\r\n\x1a\n")) return compare_png(before, after);
    if (ends_with(path, ".ipynb")) return compare_notebook(before, after);
    if (ends_with(path, ".json") || ends_with(path, ".geojson"))
      return compare_json(before, after, {});
    return compare_bytes(before, after);
  });
}

Comparison compare(std::string_view path, std::string_view before, std::string_view after,
                   const core::CompareRule& rule) {
  constexpr int kArchivesInArchives = 3;
  switch (rule.method) {
    case core::CompareMethod::automatic:
      return compare_by_format(path, before, after, kArchivesInArchives);
    case core::CompareMethod::exact:
      return compare_bytes(before, after);
    case core::CompareMethod::ignore:
      return {true, "not compared", {}, 0};
    case core::CompareMethod::numeric:
      return compare_numbers(before, after, {rule.relative, rule.absolute});
    case core::CompareMethod::csv:
      return or_bytes(before, after, [&] { return compare_csv(before, after, rule); });
    case core::CompareMethod::json:
      return or_bytes(before, after, [&] { return compare_json(before, after, rule); });
  }
  return compare_bytes(before, after);
}

}  // namespace provrun::compare
