/* F.json, the file beside features, as search reads it. */
#include <string.h>

#include "cli/learning/facts.h"
#include "fuzz/fuzz.h"

const fuzz_bounds fuzz_target_bounds = {2 << 20, 64};

void fuzz_target(const uint8_t *data, size_t size)
{
    cli_facts facts;
    const bool read = cli_facts_read(&facts, fuzz_file(data, size));
    fuzz_expect(read);
    if (read) {
        fuzz_touch(facts.form.tap, strlen(facts.form.tap) + 1);
        fuzz_touch(facts.model, strlen(facts.model) + 1);
        for (uint32_t i = 0; i < facts.option_count; i++) {
            fuzz_touch(facts.options[i], strlen(facts.options[i]) + 1);
        }
    }
    cli_facts_free(&facts);
}
