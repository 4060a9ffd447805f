#include "expander.hpp"

#include "paths.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

namespace {

std::vector<std::string> variables_of(const InstanceView& instance) {
  std::vector<std::string> values;
  if (instance.table == nullptr) return values;
  for (std::size_t i = 0; i < instance.table->variables.size(); ++i)
    values.emplace_back(instance.variable(i));
  return values;
}

// base::shell_quote for text that mostly needs no quotes, without a copy.
void append_quoted(std::string& out, std::string_view word) {
  for (const char c : word) {
    const bool is_safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' || c == '-';
    if (!is_safe) {
      out += base::shell_quote(word);
      return;
    }
  }
  out += word.empty() ? std::string_view("''") : word;
}

}  // namespace

struct Expander::Words {
  Insertion insertion;
  bool raw;
  std::string_view directory;
  std::string& out;
  std::size_t count = 0;

  void add(std::string_view path) {
    if (count++ > 0) out += ' ';
    std::string moved;
    if (directory != ".") {
      moved = relative_path(path, directory);
      path = moved;
    }
    if (insertion == Insertion::words && !raw)
      append_quoted(out, path);
    else
      out += path;
  }
};

void Expander::append_input(const InputDeclaration& input, const InstanceView& instance,
                            Words& words) const {
  for (const auto& item : input.items) {
    if (!item.collect) {
      std::string path;
      append(item.path, instance, Insertion::path, path);
      words.add(path);
      continue;
    }
    const auto& step = workflow_.step(item.collect->step);
    for (const auto id : data_.instances_of[index_of(item.collect->step)])
      data_.each_collected(step, *item.collect, id, [&](PathId path) {
        words.add(data_.paths.text(static_cast<std::uint32_t>(path)));
      });
  }
}

void Expander::append_output(const OutputDeclaration& output, const InstanceView& instance,
                             Words& words) const {
  for (const auto& path_template : output.paths) {
    std::string path;
    append(path_template, instance, Insertion::path, path);
    words.add(path);
  }
  if (!output.discover) return;
  // What it discovers is not there yet: the folder, and whatever it makes of it.
  words.add(DiscoverPattern(*output.discover, variables_of(instance)).folder());
}

bool Expander::append(const Template& text, const InstanceView& instance, Insertion insertion,
                      std::string& out, std::string_view directory) const {
  if (insertion != Insertion::path || instance.step.folder().empty())
    return append_pieces(text, instance, insertion, out, directory);
  // A path in an included file means one of its folder, and so do the files it names.
  std::string path;
  const bool good = append_pieces(text, instance, insertion, path, instance.step.folder());
  out += in_folder(instance.step.folder(), path);
  return good;
}

bool Expander::append_pieces(const Template& text, const InstanceView& instance,
                             Insertion insertion, std::string& out,
                             std::string_view directory) const {
  bool good = true;
  for (const auto& piece : text.pieces) {
    Words words{insertion, piece.raw, directory, out};
    const bool quotes = insertion == Insertion::words && !piece.raw;
    switch (piece.what) {
      case Template::What::literal:
        out += piece.text;
        continue;
      case Template::What::variable:
      case Template::What::name: {
        const auto value =
            piece.what == Template::What::name ? instance.name : instance.variable(piece.index);
        if (quotes)
          append_quoted(out, value);
        else
          out += value;
        continue;
      }
      case Template::What::inputs:
        for (const auto& input : instance.step.inputs) append_input(input, instance, words);
        break;
      case Template::What::input:
        append_input(instance.step.inputs[piece.index], instance, words);
        break;
      case Template::What::outputs:
        for (const auto& output : instance.step.outputs) append_output(output, instance, words);
        break;
      case Template::What::output:
        append_output(instance.step.outputs[piece.index], instance, words);
        break;
    }
    if (insertion == Insertion::path && words.count != 1) good = false;
  }
  return good;
}

std::string Expander::directory(const InstanceView& instance) const {
  if (!instance.step.cwd) {
    const auto folder = instance.step.folder();
    return std::string(folder.empty() ? std::string_view(".") : folder);
  }
  std::string text;
  append(*instance.step.cwd, instance, Insertion::path, text);
  return normalize_path(text);
}

}  // namespace provrun::pipeline
