#include "console.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/base/width.hpp"
#include "provrun/os/terminal.hpp"

namespace provrun::cli {

namespace {
// Results are gathered up to this size before they are written: a plan has 100,000 lines.
constexpr std::size_t kBufferSize = 1 << 16;

// Columns that the source line takes as it is shown, up to the place: a tab is shown as two.
std::size_t caret_offset(const base::Position& position) {
  const std::string_view line = position.source_line;
  std::size_t end = 0;
  for (int column = 1; column < position.column && end < line.size(); ++column) {
    ++end;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) ++end;
  }
  const auto missing = static_cast<std::size_t>(position.column - 1);
  const auto width = base::display_width(base::printable(line.substr(0, end)));
  return end < line.size() ? width : std::max(width, missing);
}

// The line as it is shown, and the caret's column in it. Of one that would fill the screen, the
// part around the place.
std::pair<std::string, std::size_t> source_line(const base::Position& position) {
  constexpr std::size_t kColumns = 160;
  constexpr std::size_t kBefore = 100;
  constexpr std::string_view kCut = "[...]";
  auto line = base::printable(position.source_line);
  auto caret = caret_offset(position);
  if (base::display_width(line) <= kColumns) return {line, caret};
  std::string_view rest = line;
  std::string shown;
  if (caret > kBefore) {
    const auto skipped = base::cut_to_width(rest, caret - kBefore);
    rest.remove_prefix(skipped.size());
    shown = kCut;
    caret = caret - base::display_width(skipped) + kCut.size();
  }
  const auto kept = base::cut_to_width(rest, kColumns - kCut.size());
  shown += kept;
  if (kept.size() < rest.size()) shown += kCut;
  return {shown, caret};
}
}  // namespace

codec::Json texts(const std::vector<std::string>& items) {
  auto list = codec::Json::array();
  for (const auto& item : items) list.push_back(item);
  return list;
}

Console::~Console() {
  try {
    status("");
    flush();
  } catch (const base::Error&) {  // standard output is gone; nobody is left to tell
  }
}

std::string Console::paint(Colour colour, std::string_view text, bool wanted) {
  if (!wanted || colour == Colour::none) return std::string(text);
  const char* code = "";
  switch (colour) {
    case Colour::red:
      code = "31";
      break;
    case Colour::green:
      code = "32";
      break;
    case Colour::yellow:
      code = "33";
      break;
    case Colour::blue:
      code = "34";
      break;
    case Colour::grey:
      code = "90";
      break;
    case Colour::bold:
      code = "1";
      break;
    case Colour::none:
      break;
  }
  return base::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Console::flush() {
  const auto text = std::move(out_);
  out_.clear();
  os::write_standard_output(text);
}

void Console::raw_result(std::string_view text) {
  if (options_.json) return;
  out_ += text;
  if (out_.size() >= kBufferSize) flush();
}

void Console::result(std::string_view line) {
  if (options_.json) return;
  out_ += line;
  out_ += '\n';
  if (out_.size() >= kBufferSize) flush();
}

void Console::object(codec::Json object) {
  if (!options_.json) return;
  if (object.find("schema") == nullptr) {
    // "type" and "schema" lead every line.
    auto& members = object.as_object();
    members.insert(members.begin() + (members.empty() ? 0 : 1), {"schema", "output.v1"});
  }
  out_ += object.dump();
  out_ += '\n';
  if (out_.size() >= kBufferSize) flush();
}

void Console::error_line(const std::string& line) {
  const auto keep = status_;
  status("");
  flush();
  os::write_standard_error(line + "\n");
  if (!keep.empty()) status(keep);
}

void Console::note(std::string_view line) {
  if (!options_.quiet) error_line(std::string(line));
}

void Console::warning(std::string_view line) {
  error_line(std::string(line));
}

void Console::error(const base::Error& error, std::optional<int> exit_code) {
  if (const auto* list = dynamic_cast<const base::ErrorList*>(&error)) {
    for (const auto& one : list->errors()) this->error(one, exit_code);
    return;
  }
  if (options_.json) {
    codec::Json json = codec::Json::object(
        {{"type", "error"}, {"code", base::name_of(error.code())}, {"message", error.message()}});
    if (!error.hint().empty()) json.set("hint", error.hint());
    if (error.position() && !error.position()->file.empty()) {
      codec::Json position = codec::Json::object({{"file", error.position()->file}});
      if (error.position()->line > 0) position.set("line", error.position()->line);
      if (error.position()->column > 0) position.set("column", error.position()->column);
      json.set("position", std::move(position));
    }
    json.set("exit_code", exit_code.value_or(exit_code_of(error.code())));
    object(std::move(json));
    flush();
    return;
  }
  std::string text;
  const bool placed = error.position() && !error.position()->file.empty();
  text += "provrun: " + paint_err(Colour::red, "error:") + " ";
  if (placed)
    text += paint_err(Colour::bold, base::printable(error.position()->to_string()) + ":") + " ";
  text += base::with_short_words(error.message());
  if (placed && !error.position()->source_line.empty()) {
    const auto [line, caret] = source_line(*error.position());
    text += "\n  " + line;
    if (error.position()->column > 0)
      text += "\n  " + std::string(caret, ' ') + paint_err(Colour::green, "^");
  }
  if (!error.hint().empty())
    text += "\n" + paint_err(Colour::blue, "hint:") + " " + base::with_short_words(error.hint());
  error_line(text);
}

void Console::status(const std::string& line) {
  if (!options_.live || line == status_) return;
  // Back to the start of the line, the new text, and what is left of the old one cleared.
  if (line.empty()) {
    if (!status_.empty()) os::write_standard_error("\r\x1b[K");
  } else {
    os::write_standard_error("\r" + line + "\x1b[K");
  }
  status_ = line;
}

int exit_code_of(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::invalid_input:
      return 2;
    case base::ErrorCode::corruption:
      return 5;
    case base::ErrorCode::not_found:
      return 6;
    case base::ErrorCode::refused:
      return 7;
    case base::ErrorCode::no_space:
    case base::ErrorCode::unavailable:
      return 8;
    case base::ErrorCode::wrong_key:
      return 9;
    case base::ErrorCode::timeout:
      return 124;
    case base::ErrorCode::cancelled:
      return 130;
    case base::ErrorCode::conflict:
    case base::ErrorCode::step_failed:
    case base::ErrorCode::unsupported:
    case base::ErrorCode::failed:
    case base::ErrorCode::internal:
      return 1;
  }
  return 1;
}

}  // namespace provrun::cli
