/* Draws /v1/openapi.json. Everything comes from this host: no validator badge, no fonts, no other scripts. */
/* global SwaggerUIBundle */
'use strict';

SwaggerUIBundle({
  dom_id: '#reference',
  url: '/v1/openapi.json',
  layout: 'BaseLayout',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null,
  queryConfigEnabled: false,
});
