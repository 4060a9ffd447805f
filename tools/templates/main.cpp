// template_compiler FOLDER OUT: writes the files below FOLDER/<template>/ as a C++ source that
// defines provrun::app::template_files(). Files directly in FOLDER, like its README, are not
// templates.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

// One literal a line; bytes that are not plain text as three octal digits, which no following digit
// can extend.
std::string literal(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      result += "\\n\"\n     \"";
    } else if (c == '"' || c == '\\' || c == '?') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      char octal[5];
      std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(byte));
      result += octal;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: template_compiler FOLDER OUT\n";
    return 2;
  }
  try {
    const fs::path top = argv[1];
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(top))
      if (entry.is_regular_file() && entry.path().parent_path() != top)
        files.push_back(fs::relative(entry.path(), top));
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return a.generic_string() < b.generic_string(); });
    std::string source =
        "// Made from workflows/ at build time.\n"
        "#include \"template_files.hpp\"\n\n"
        "namespace provrun::app {\nnamespace {\n\n"
        "using namespace std::string_view_literals;\n\n"
        "constexpr TemplateFile kFiles[] = {\n";
    for (const auto& file : files) {
      const bool executable =
          (fs::status(top / file).permissions() & fs::perms::owner_exec) != fs::perms::none;
      source += "    {\"" + file.generic_string() + "\"sv,\n     " + literal(read(top / file)) +
                "sv,\n     " + (executable ? "true" : "false") + "},\n";
    }
    source +=
        "};\n\n}  // namespace\n\n"
        "std::span<const TemplateFile> template_files() { return kFiles; }\n\n"
        "}  // namespace provrun::app\n";
    std::ofstream out(argv[2], std::ios::binary);
    out << source;
    out.close();
    if (!out) throw std::runtime_error(std::string(argv[2]) + ": cannot be written");
  } catch (const std::exception& error) {
    std::cerr << "template_compiler: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
