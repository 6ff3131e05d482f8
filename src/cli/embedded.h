/* Text files that the build embeds. */
#ifndef VRN_CLI_EMBEDDED_H
#define VRN_CLI_EMBEDDED_H

#define CLI_IMAGENET_CLASSES 1000

/* ImageNet's classes: their names, from data/imagenet-classes.txt, and their WordNet ids
 * ("n01440764"), from data/imagenet-ids.txt. */
extern const char *const cli_imagenet_labels[CLI_IMAGENET_CLASSES];
extern const char *const cli_imagenet_ids[CLI_IMAGENET_CLASSES];

/* data/page.html, data/completion.bash and data/manual.roff. */
extern const char cli_page_html[];
extern const char cli_manual[];
extern const char cli_completion_bash[];

#endif
