// The estate of the demo with real Terraform: what its workspaces declare, in HCL. Data.

export interface RealWorkspace {
  name: string;
  owner: string;
  resources: string;
}

/** Addresses and ids the story touches. */
export const REAL_CAST = {
  openedGroup: 'aws_security_group.web',
  policyBucket: 'acme-invoices',
  queue: 'aws_sqs_queue.orders',
  account: 'azurerm_storage_account.shop',
  balancer: 'digitalocean_loadbalancer.edge',
  firewall: 'google_compute_firewall.web',
} as const;

const NETWORK = `
resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { team = "net" }
}
resource "aws_subnet" "main" {
  count      = 6
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
}
resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = aws_vpc.main.id
  ingress = [{
    cidr_blocks      = ["10.0.0.0/8"]
    description      = "https from inside"
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]
}
resource "aws_security_group" "database" {
  name   = "database"
  vpc_id = aws_vpc.main.id
}
resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.web.id
}
`;

const DATA = `
resource "aws_s3_bucket" "this" {
  for_each = toset(["acme-invoices", "acme-logs", "acme-exports"])
  bucket   = each.key
  tags     = { team = "data" }
}
resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}
resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = "s3:DeleteObject", Resource = "\${each.value.arn}/*" }]
  })
}
resource "aws_s3_bucket_public_access_block" "this" {
  for_each            = aws_s3_bucket.this
  bucket              = each.value.id
  block_public_acls   = true
  block_public_policy = true
}
resource "aws_dynamodb_table" "ledger" {
  name         = "ledger"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
`;

const SHOP = `
resource "aws_sqs_queue" "orders" {
  name                       = "orders"
  visibility_timeout_seconds = 45
}
resource "aws_iam_role" "checkout" {
  name = "checkout"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
resource "aws_iam_role_policy" "checkout" {
  name   = "orders"
  role   = aws_iam_role.checkout.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.orders.arn }]
  })
}
resource "aws_lambda_function" "checkout" {
  count         = 5
  function_name = "checkout-\${count.index}"
  role          = aws_iam_role.checkout.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  memory_size   = 256
}
provider "azurerm" {
  features {}
}
resource "azurerm_resource_group" "shop" {
  name     = "shop"
  location = "westeurope"
}
resource "azurerm_storage_account" "shop" {
  name                     = "acmeshop"
  location                 = azurerm_resource_group.shop.location
  resource_group_name      = azurerm_resource_group.shop.name
  account_tier             = "Standard"
  account_replication_type = "LRS"
}
`;

const EDGE = `
resource "digitalocean_droplet" "edge" {
  count  = 6
  name   = "edge-\${count.index}"
  image  = "debian-13-x64"
  size   = "s-1vcpu-1gb"
  region = "fra1"
}
resource "digitalocean_loadbalancer" "edge" {
  name                   = "edge"
  region                 = "fra1"
  droplet_ids            = digitalocean_droplet.edge[*].id
  redirect_http_to_https = true
  forwarding_rule {
    entry_port      = 443
    entry_protocol  = "https"
    target_port     = 8443
    target_protocol = "https"
    tls_passthrough = true
  }
}
resource "digitalocean_domain" "shop" {
  name = "shop.example"
}
resource "digitalocean_record" "www" {
  domain = digitalocean_domain.shop.id
  type   = "A"
  name   = "www"
  value  = digitalocean_loadbalancer.edge.ip
}
resource "google_compute_firewall" "web" {
  name          = "web"
  network       = "default"
  source_ranges = ["10.0.0.0/8"]
  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}
`;

export const REAL_WORKSPACES: readonly RealWorkspace[] = [
  { name: 'network-prod', owner: 'team-net', resources: NETWORK },
  { name: 'data-prod', owner: 'team-data', resources: DATA },
  { name: 'shop-prod', owner: 'team-shop', resources: SHOP },
  { name: 'edge', owner: 'team-edge', resources: EDGE },
];
