#include "entry_metadata.hpp"

#include <charconv>

#include "provrun/base/error.hpp"
#include "provrun/codec/zstd.hpp"

namespace provrun::snapshot {

namespace {

template <typename Number>
Number parse_number(std::string_view text, const char* what) {
  Number number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size())
    throw invalid_entry(what);
  return number;
}

}  // namespace

void append_metadata(std::string& out, const Entry& entry) {
  if (is_device(entry.type))
    out.append(",\"v\":\"")
        .append(std::to_string(entry.device_major))
        .append(":")
        .append(std::to_string(entry.device_minor))
        .append("\"");
  if (!entry.hard_link.empty()) {
    out.append(",\"h\":");
    codec::append_json_string(out, entry.hard_link);
  }
  if (!entry.attributes.empty()) {
    out.append(",\"a\":[");
    for (const auto& attribute : entry.attributes) {
      if (&attribute != entry.attributes.data()) out += ',';
      out += '{';
      append_name(out, "n", "N", attribute.name);
      out.append(",\"v\":\"").append(codec::to_base64(attribute.value)).append("\"}");
    }
    out += ']';
  }
  if (entry.ctime_ns != 0) {
    char digits[24];
    out.append(",\"i\":\"");
    out.append(digits, std::to_chars(digits, digits + sizeof digits, entry.inode).ptr);
    out.append("\",\"z\":\"");
    append_time(out, entry.ctime_ns);
    out += '"';
  }
  if (entry.changed) out.append(",\"e\":true");
}

void parse_metadata(const codec::Json& line, Entry& entry) {
  if (const auto* device = line.find("v"); device != nullptr || is_device(entry.type)) {
    const std::string_view text = line.at("v").as_string();
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) throw invalid_entry("device");
    entry.device_major = parse_number<std::uint32_t>(text.substr(0, colon), "device");
    entry.device_minor = parse_number<std::uint32_t>(text.substr(colon + 1), "device");
  }
  if (const auto* link = line.find("h")) entry.hard_link = link->as_string();
  if (const auto* list = line.find("a"))
    for (const auto& item : list->as_array()) {
      entry.attributes.push_back(
          {parse_bytes(item, "n", "N"), codec::from_base64(item.at("v").as_string())});
      const auto& name = entry.attributes.back().name;
      if (name.empty() || name.find('\0') != std::string::npos) throw invalid_entry("attribute");
    }
  if (const auto* inode = line.find("i"))
    entry.inode = parse_number<std::uint64_t>(inode->as_string(), "inode");
  if (const auto* time = line.find("z")) entry.ctime_ns = parse_time(time->as_string());
  entry.changed = line.get_bool("e");
}

}  // namespace provrun::snapshot
