/* The simplest consumer: links the library. plain MODEL */
#include "../classify.h"

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
#define LINK(name) .name = vrn_##name,
    return classify(&(library){FUNCTIONS(LINK)}, argv[1]);
}
