#include "outputs_code.hpp"

#include "values.hpp"

namespace provrun::catalog {

namespace {

constexpr std::uint8_t kOutputsVersion = 1;

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

db::Bytes take(db::Bytes bytes, std::size_t& offset, std::uint64_t count) {
  if (count > bytes.size() - offset) throw damaged("the outputs of a step");
  const auto part = bytes.subspan(offset, count);
  offset += count;
  return part;
}

std::uint32_t take_small(db::Bytes bytes, std::size_t& offset) {
  const auto number = take_number(bytes, offset);
  if (number > UINT32_MAX) throw damaged("the outputs of a step");
  return static_cast<std::uint32_t>(number);
}

}  // namespace

void put_number(std::vector<std::uint8_t>& out, std::uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(number | 0x80U));
    number >>= 7U;
  }
  out.push_back(static_cast<std::uint8_t>(number));
}

std::uint64_t take_number(db::Bytes bytes, std::size_t& offset) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (offset >= bytes.size()) break;
    const std::uint64_t byte = bytes[offset++];
    if (shift == 63 && byte > 1) break;
    number |= (byte & 0x7fU) << shift;
    if (byte < 0x80) return number;
  }
  throw damaged("a number");
}

std::vector<std::uint8_t> pack_outputs(const std::vector<RememberedOutput>& outputs) {
  std::vector<std::uint8_t> out{kOutputsVersion};
  for (const auto& [artifact, stat] : outputs) {
    put_number(out, artifact.path.size());
    out.insert(out.end(), artifact.path.begin(), artifact.path.end());
    out.insert(out.end(), artifact.content.digest.bytes.begin(),
               artifact.content.digest.bytes.end());
    put_number(out, artifact.size);
    put_number(out, artifact.mode);
    put_number(out, static_cast<std::uint64_t>(stat.type));
    put_number(out, stat.device);
    put_number(out, stat.inode);
    put_number(out, stat.size);
    put_number(out, zigzag(stat.mtime_ns));
    put_number(out, zigzag(stat.ctime_ns));
    for (const std::uint64_t number : {std::uint64_t{stat.mode}, std::uint64_t{stat.uid},
                                       std::uint64_t{stat.gid}, stat.links, stat.rdev, stat.blocks})
      put_number(out, number);
  }
  return out;
}

std::vector<RememberedOutput> unpack_outputs(db::Bytes bytes) {
  if (bytes.empty() || bytes[0] != kOutputsVersion) throw damaged("the outputs of a step");
  std::vector<RememberedOutput> outputs;
  std::size_t offset = 1;
  while (offset < bytes.size()) {
    RememberedOutput output;
    auto& [artifact, stat] = output;
    const auto length = take_number(bytes, offset);
    const auto path = take(bytes, offset, length);
    artifact.path.assign(path.begin(), path.end());
    artifact.content.digest = digest_of(take(bytes, offset, 32));
    artifact.size = take_number(bytes, offset);
    artifact.mode = take_small(bytes, offset);
    const auto type = take_number(bytes, offset);
    if (type > static_cast<std::uint64_t>(os::FileType::character_device))
      throw damaged("the outputs of a step");
    stat.type = static_cast<os::FileType>(type);
    stat.device = take_number(bytes, offset);
    stat.inode = take_number(bytes, offset);
    stat.size = take_number(bytes, offset);
    stat.mtime_ns = unzigzag(take_number(bytes, offset));
    stat.ctime_ns = unzigzag(take_number(bytes, offset));
    stat.mode = take_small(bytes, offset);
    stat.uid = take_small(bytes, offset);
    stat.gid = take_small(bytes, offset);
    stat.links = take_number(bytes, offset);
    stat.rdev = take_number(bytes, offset);
    stat.blocks = take_number(bytes, offset);
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace provrun::catalog
