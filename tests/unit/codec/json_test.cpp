#include "provrun/codec/json.hpp"

#include "provrun/base/error.hpp"
#include "provrun/codec/zstd.hpp"
#include "support/catch.hpp"

using namespace provrun;
using codec::Json;

TEST_CASE("the canonical form sorts members and uses the shortest numbers") {
  const auto json = codec::parse_json(R"({"b":1.50,"a":[1e21,1e-7,100,-0.0],"é":"\u0001\n"})");
  CHECK(json.canonical() == "{\"a\":[1e+21,1e-7,100,0],\"b\":1.5,\"é\":\"\\u0001\\n\"}");
}

TEST_CASE("members keep their order in dump") {
  Json json;
  json.set("z", 1).set("a", Json::array()).set("z", 2);
  CHECK(json.dump() == R"({"z":2,"a":[]})");
}

TEST_CASE("what is not JSON is refused with its place") {
  for (const auto* text :
       {"", "{", "[1,]", "{\"a\":1,\"a\":2}", "1 2", "\"\xff\"", "1e999", "nul"}) {
    INFO(text);
    CHECK_THROWS_AS(codec::parse_json(text), base::Error);
  }
  try {
    codec::parse_json("{\n  \"a\": x}");
    FAIL("accepted");
  } catch (const base::Error& error) {
    REQUIRE(error.position());
    CHECK(error.position()->line == 2);
  }
  CHECK_THROWS_AS(codec::parse_json(std::string(1000, '[')), base::Error);
}

TEST_CASE("bytes that are not UTF-8 never break a JSON line") {
  CHECK(Json("a\xff").dump() == "\"a\xEF\xBF\xBD\"");
  CHECK(Json("a\xc3").dump() == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("zstd frames round trip and every damage is noticed") {
  std::vector<std::uint8_t> data(100'000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * i >> 7U);
  codec::ZstdCompressor compressor;
  codec::ZstdDecompressor decompressor;
  auto frame = compressor.compress(data);
  CHECK(decompressor.decompress(frame, data.size()) == data);
  CHECK_THROWS_AS(decompressor.decompress(frame, data.size() - 1), base::Error);
  for (std::size_t cut = 0; cut < frame.size(); cut += 97) {
    const std::vector<std::uint8_t> part(frame.begin(),
                                         frame.begin() + static_cast<std::ptrdiff_t>(cut));
    CHECK_THROWS_AS(decompressor.decompress(part, data.size()), base::Error);
  }
  frame[frame.size() / 2] ^= 1U;
  CHECK_THROWS_AS(decompressor.decompress(frame, data.size()), base::Error);
}

TEST_CASE("base64 round trips all lengths") {
  for (std::size_t n = 0; n < 10; ++n) {
    const std::string bytes(n, '\xfe');
    CHECK(codec::from_base64(codec::to_base64(bytes)) == bytes);
  }
  CHECK_THROWS_AS(codec::from_base64("ab=c"), base::Error);
}
