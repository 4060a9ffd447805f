#include "provrun/policy/certain_secret.hpp"

#include "provrun/policy/redaction.hpp"
#include "support/catch.hpp"

using namespace provrun;

TEST_CASE("a secret that stands in a text for certain is found with its place") {
  const std::vector<policy::Secret> known{{"DB_LOGIN", "correct-horse"}, {"MODE", "test"}};
  CHECK(policy::find_certain_secret(known, "say correct-horse") == 4U);
  CHECK(policy::find_certain_secret({}, "k: ghp_0123456789abcdefghijABCDEFGHIJ456789") == 3U);
  CHECK(policy::find_certain_secret({}, "https://u:s3cr3t-w0rd@host/") == 10U);
  // The first of several; base64 of a known value.
  CHECK(policy::find_certain_secret(known, "Y29ycmVjdC1ob3JzZQ== correct-horse") == 0U);
  // Guesses, placeholders and common words are none.
  CHECK_FALSE(policy::find_certain_secret(known, "run the test with password: hunter2"));
  CHECK_FALSE(policy::find_certain_secret({{{"A_TOKEN", "${A_TOKEN}"}}}, "set ${A_TOKEN}"));
  CHECK_FALSE(policy::find_certain_secret(known, ""));
}

TEST_CASE("known secrets are found in files that come in pieces") {
  const std::vector<policy::Secret> values{
      {"LONG", "tok/5e11c7f0+a9"}, {"WORD", "ab12"}, {"COMMON", "beef"}};
  const policy::KnownSecrets known(values);
  CHECK(known.find("x tok/5e11c7f0+a9 y") == "LONG");
  CHECK(known.find("746f6b2f3565313163376630 2b6139") == std::nullopt);
  CHECK(known.find("<746f6b2f356531316337663"
                   "02b6139>") == "LONG");
  CHECK(known.find("746F6B2F3565313163376630"
                   "2B6139") == "LONG");
  CHECK(known.find("a beef b") == std::nullopt);
  // A short value counts as a word of its own, and at the edge of a piece nobody knows yet.
  CHECK(known.find("ab12") == "WORD");
  CHECK(known.find("xab12") == std::nullopt);
  CHECK(known.find("ab12 ", false, true) == std::nullopt);
  CHECK(known.find(" ab12", true, false) == std::nullopt);
  CHECK(known.overlap() > std::string("746f6b2f35653131633766302b6139").size());
  CHECK(policy::KnownSecrets({}).empty());
}

TEST_CASE("the password of curl's user option is hidden, a container's user and group are not") {
  const policy::Redactor redactor({}, {1, 2, 3});
  const auto mark = redactor.mark_of("pa55-word");
  const auto text = [&](const char* command) { return redactor.redact(command).text; };
  CHECK(text("curl -s -u anna:pa55-word https://x") == "curl -s -u anna:" + mark + " https://x");
  CHECK(text("curl --user 'anna:pa55-word' x") == "curl --user 'anna:" + mark + "' x");
  CHECK(text("/usr/bin/curl --proxy-user anna:pa55-word") ==
        "/usr/bin/curl --proxy-user anna:" + mark);
  CHECK(text("docker run -u 1000:1000 curl") == "docker run -u 1000:1000 curl");
  CHECK(text("chown user:group x; sort -u a:b") == "chown user:group x; sort -u a:b");
  CHECK(text("curl -u anna x:y") == "curl -u anna x:y");
  CHECK(text("curl -u $USER:$PASS x") == "curl -u $USER:$PASS x");
  codec::Json words = codec::Json::array();
  for (const auto* word : {"provrun", "exec", "--", "curl", "-u", "anna:pa55-word", "https://x"})
    words.push_back(word);
  CHECK(redactor.redact_json(words).json.dump() ==
        R"(["provrun","exec","--","curl","-u","anna:)" + mark + R"(","https://x"])");
}
