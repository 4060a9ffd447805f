#include "page.hpp"

namespace manual {
namespace {

// A string literal a line, so that the generated source can be read and no literal grows past a
// compiler's limit.
std::string literal(const std::string& text) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    result += "\n     \"";
    for (const char c : text.substr(at, end - at)) switch (c) {
        case '\\':
          result += "\\\\";
          break;
        case '"':
          result += "\\\"";
          break;
        case '\n':
          result += "\\n";
          break;
        case '?':
          result += "\\?";
          break;  // no trigraphs
        default:
          result += c;
      }
    result += "\"";
    at = end;
  }
  return result.empty() ? "\"\"" : result;
}

}  // namespace

std::string as_source(const std::vector<Page>& pages,
                      const std::vector<std::pair<std::string, std::string>>& completions) {
  std::string source =
      "// Made from docs/manual/cli at build time.\n"
      "#include \"provrun/cli/manual_pages.hpp\"\n\n"
      "namespace provrun::cli {\nnamespace {\n\n"
      "constexpr ManualPage kPages[] = {\n";
  for (const auto& page : pages)
    source += "    {\"" + page.verb + "\", " + literal(plain(page.summary)) + "," +
              literal(as_text(page)) + "},\n";
  source += "};\n\nconstexpr CompletionScript kCompletions[] = {\n";
  for (const auto& [shell, text] : completions)
    source += "    {\"" + shell + "\"," + literal(text) + "},\n";
  source +=
      "};\n\n}  // namespace\n\n"
      "std::span<const ManualPage> manual_pages() { return kPages; }\n"
      "std::span<const CompletionScript> completion_scripts() { return kCompletions; }\n\n"
      "}  // namespace provrun::cli\n";
  return source;
}

}  // namespace manual
