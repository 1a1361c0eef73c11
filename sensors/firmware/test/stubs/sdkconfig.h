#define CONFIG_ISOBAR_INGEST_URL "https://api.isobar.example/v1/regions/83390cfffffffff/readings/f6a6e22d3fa5a76f"
