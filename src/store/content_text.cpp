#include "provrun/store/content_text.hpp"

#include "provrun/base/error.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

void append_quoted(std::string& out, const hash::Digest& digest) {
  out += '"';
  append_hex(out, digest);
  out += '"';
}

base::Error invalid(const char* what) {
  return base::Error(base::ErrorCode::corruption,
                     std::string("a tree has an invalid entry: ") + what);
}

hash::Digest parse_id(const codec::Json& json) {
  hash::Digest digest;
  if (!read_hex(json.as_string(), digest)) throw invalid("id");
  return digest;
}

std::uint64_t parse_size(const codec::Json& json) {
  const auto number = json.as_integer();
  if (number < 0) throw invalid("size");
  return static_cast<std::uint64_t>(number);
}

}  // namespace

void append_content(std::string& out, const FileContent& content) {
  out.append(",\"s\":");
  append_number(out, content.size);
  out.append(",\"c\":");
  append_quoted(out, content.id.digest);
  if (content.list) {
    out.append(content.list_levels == 1 ? ",\"K\":" : ",\"KK\":");
    append_quoted(out, content.list->digest);
  } else if (content.bundle) {
    out.append(",\"x\":[");
    append_quoted(out, content.bundle->chunk.digest);
    out += ',';
    append_number(out, content.bundle->offset);
    out += ']';
  } else if (content.chunks.size() != 1 || content.chunks.front().digest != content.id.digest) {
    out.append(",\"k\":[");
    for (const auto& chunk : content.chunks) {
      if (&chunk != content.chunks.data()) out += ',';
      append_quoted(out, chunk.digest);
    }
    out += ']';
  }
}

FileContent parse_content(const codec::Json& line) {
  FileContent content;
  content.id.digest = parse_id(line.at("c"));
  content.size = parse_size(line.at("s"));
  if (const auto* list = line.find("K")) {
    content.list = ChunkId{parse_id(*list)};
    content.list_levels = 1;
  } else if (const auto* lists = line.find("KK")) {
    content.list = ChunkId{parse_id(*lists)};
    content.list_levels = 2;
  } else if (const auto* place = line.find("x")) {
    const auto& pair = place->as_array();
    if (pair.size() != 2) throw invalid("place in a bundle");
    content.bundle = BundlePlace{{parse_id(pair[0])}, parse_size(pair[1])};
  } else if (const auto* chunks = line.find("k")) {
    for (const auto& chunk : chunks->as_array()) content.chunks.push_back({parse_id(chunk)});
  } else {
    content.chunks.push_back({content.id.digest});
  }
  const bool inline_chunks = !content.list && !content.bundle;
  if ((inline_chunks && content.chunks.empty() != (content.size == 0)) ||
      (content.bundle && content.size == 0))
    throw invalid("size");
  return content;
}

}  // namespace provrun::store
