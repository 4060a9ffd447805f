#include "provrun/store/config.hpp"

#include <algorithm>
#include <iterator>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/store/chunker.hpp"

namespace provrun::store {

namespace {

constexpr std::string_view kChecksum = "checksum";

base::Error bad_config(const std::string& what) {
  return base::Error(base::ErrorCode::corruption, "config.json of the repository: " + what)
      .hint("it was written once, by init: bring it back from a copy of the repository");
}

base::Error newer(const std::string& what) {
  return base::Error(base::ErrorCode::unsupported, "the repository " + what)
      .hint("a newer provrun wrote it; update this one");
}

std::uint64_t positive(const codec::Json& object, std::string_view key) {
  const auto value = object.at(key).as_integer();
  if (value <= 0) throw bad_config(base::format("{} is not positive", key));
  return static_cast<std::uint64_t>(value);
}

hash::Digest digest_of(const codec::Json& json) {
  const auto digest = hash::parse_digest(json.as_string());
  if (!digest) throw bad_config("a hash is invalid");
  return *digest;
}

struct FeatureName {
  std::string_view name;
  bool Features::*member;
};
constexpr FeatureName kFeatures[] = {{"bundles", &Features::bundles},
                                     {"holes", &Features::holes},
                                     {"patches", &Features::patches},
                                     {"shuffle", &Features::shuffle}};

Features parse_features(const codec::Json::Array& names) {
  auto features = Features::none();
  for (const auto& name : names) {
    const auto* known =
        std::find_if(std::begin(kFeatures), std::end(kFeatures),
                     [&](const auto& feature) { return feature.name == name.as_string(); });
    if (known == std::end(kFeatures))
      throw newer("uses the feature '" + name.as_string() + "', unknown here");
    features.*known->member = true;
  }
  return features;
}

}  // namespace

std::string RepositoryConfig::to_json() const {
  using codec::Json;
  auto names = Json::array();
  for (const auto& feature : kFeatures)
    if (features.*feature.member) names.push_back(feature.name);
  Json json = Json::object({
      {"provrun_repository", kVersion},
      {"id", id.to_string()},
      {"created", created.to_rfc3339()},
      {"hash", "sha256"},
      {"encryption", "none"},
      {"features", std::move(names)},
      {"chunker", Json::object({{"method", "gear-v1"},
                                {"minimum", std::int64_t{chunker.minimum}},
                                {"average", std::int64_t{chunker.average}},
                                {"maximum", std::int64_t{chunker.maximum}}})},
      {"compression", Json::object({{"codec", "zstd"}, {"level", compression_level}})},
      {"packs", Json::object({{"data", pack_size}, {"tree", tree_pack_size}})},
      {"files",
       Json::object({{"FORMAT", format_file.to_hex()}, {"RESTORE.sh", restore_script.to_hex()}})},
  });
  json.set(kChecksum, hash::sha256(json.canonical()).to_hex());
  return json.dump_pretty() + "\n";
}

RepositoryConfig parse_config(std::string_view text) {
  codec::Json json;
  try {
    json = codec::parse_json(text);
    const auto version = json.at("provrun_repository").as_integer();
    if (version > RepositoryConfig::kVersion)
      throw newer(base::format("has format version {}, this program knows {}", version,
                               RepositoryConfig::kVersion));
    if (version != RepositoryConfig::kVersion) throw bad_config("unknown version");

    // Written once and by this program: another spelling is damage, too.
    if (text != json.dump_pretty() + "\n") throw bad_config("its bytes were changed");
    const std::string checksum = json.at(kChecksum).as_string();
    auto& members = json.as_object();
    std::erase_if(members, [](const auto& member) { return member.first == kChecksum; });
    if (hash::sha256(json.canonical()).to_hex() != checksum) throw bad_config("checksum differs");

    const auto features = parse_features(json.at("features").as_array());
    if (json.get_string("hash") != "sha256" || json.get_string("encryption") != "none" ||
        json.at("chunker").get_string("method") != "gear-v1" ||
        json.at("compression").get_string("codec") != "zstd")
      throw newer("uses a method that is unknown here");

    RepositoryConfig config;
    config.features = features;
    const auto id = base::parse_uuid(json.at("id").as_string());
    const auto created = base::parse_timestamp(json.at("created").as_string());
    if (!id || !created) throw bad_config("id or time is invalid");
    config.id = *id;
    config.created = *created;
    const auto& chunker = json.at("chunker");
    config.chunker.minimum = static_cast<std::uint32_t>(positive(chunker, "minimum"));
    config.chunker.average = static_cast<std::uint32_t>(positive(chunker, "average"));
    config.chunker.maximum = static_cast<std::uint32_t>(positive(chunker, "maximum"));
    config.compression_level = static_cast<int>(json.at("compression").at("level").as_integer());
    config.pack_size = positive(json.at("packs"), "data");
    config.tree_pack_size = positive(json.at("packs"), "tree");
    config.format_file = digest_of(json.at("files").at("FORMAT"));
    config.restore_script = digest_of(json.at("files").at("RESTORE.sh"));
    static_cast<void>(Chunker(config.chunker));
    return config;
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::invalid_input) throw;
    throw bad_config(error.message());
  }
}

}  // namespace provrun::store
