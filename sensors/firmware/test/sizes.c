/* Only for `make size`: the symbols' sizes are the structures'. */
#include "isobar-signers.h"

isobar_client client;
isobar_pack pack;
isobar_sodium_key sodium_key;
isobar_bearssl_key bearssl_key;
