#include "page.hpp"

namespace manual {
namespace {

// Escapes for roff; `code` becomes bold. A line must not begin with a control character.
std::string roff(const std::string& text) {
  std::string result;
  bool code = false;
  for (const char c : text) switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        code = !code;
        result += code ? "\\fB" : "\\fR";
        break;
      default:
        result += c;
    }
  if (!result.empty() && (result.front() == '.' || result.front() == '\'')) result.insert(0, "\\&");
  return result;
}

std::string upper_ascii(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string man_name(const Page& page) {
  return page.verb.empty() ? "provrun" : "provrun-" + page.verb;
}

}  // namespace

std::string as_man(const Page& page, const std::string& version) {
  const std::string name = man_name(page);
  std::string result = ".TH \"" + upper_ascii(roff(name)) + "\" \"1\" \"\" \"provrun " + version +
                       "\" \"provrun manual\"\n.SH NAME\n" + roff(name) + " \\- " +
                       roff(page.summary) + "\n";
  for (const auto& section : page.sections) {
    result += ".SH " + upper_ascii(section.title) + "\n";
    for (const auto& block : section.blocks) switch (block.kind) {
        case Block::Kind::paragraph:
          result += ".PP\n" + roff(block.text) + "\n";
          break;
        case Block::Kind::code:
          result += ".PP\n.RS 4\n.nf\n";
          for (const auto& line : block.lines) result += roff(line) + "\n";
          result += ".fi\n.RE\n";
          break;
        case Block::Kind::items:
          for (const auto& item : block.items) {
            result += ".TP\n";
            for (std::size_t i = 0; i < item.terms.size(); ++i)
              result += (i == 0 ? "\\fB" : ", \\fB") + roff(item.terms[i]) + "\\fR";
            result += "\n" + roff(item.text) + "\n";
          }
          break;
      }
  }
  if (page.verb.empty()) return result;
  if (page.find("See also") == nullptr) result += ".SH SEE ALSO\n.BR provrun (1)\n";
  return result;
}

}  // namespace manual
